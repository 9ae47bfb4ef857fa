"""What a study of this size could have seen: the other half of "no difference was found"."""

from collections.abc import Sequence

import numpy as np

from adversaria.metrics.statistics.intervals import FEWEST


def detectable_difference(differences: Sequence[float], level: float = 0.05, power: float = 0.8) -> float | None:
    """The mean paired difference that a t test of as many subjects, with this spread, finds with `power`.

    Solved from the noncentral t distribution; findings in the wrong direction do not count. None under six
    subjects.
    """
    from scipy import optimize, stats

    array = np.asarray(differences, np.float64)
    n = array.size
    if n < FEWEST or not np.isfinite(array).all():
        return None
    critical = stats.t.ppf(1 - level / 2, n - 1)

    def lacking(shift: float) -> float:
        return float(stats.nct.sf(critical, n - 1, shift) - power)

    return float(optimize.brentq(lacking, 0, 10) * array.std(ddof=1) / np.sqrt(n))


def power_note(differences: Sequence[float], unit: str = "", level: float = 0.05, power: float = 0.8) -> str:
    """Say in a sentence how large a difference would have had to be to be seen."""
    n = len(differences)
    found = detectable_difference(differences, level, power)
    if found is None:
        return f"With {n} subjects no claim about small differences can be made."
    said = f"{found:.3g} {unit}".strip()
    return (
        f"With {n} subjects of this spread only a difference above {said} would have been found "
        f"with {power:.0%} probability (before correction for many comparisons)."
    )
