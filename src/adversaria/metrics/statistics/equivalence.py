"""Equivalence: that two methods differ by less than a margin, which a large p-value never shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adversaria.metrics.statistics.intervals import FEWEST


@dataclass(frozen=True)
class Equivalence:
    """The p-value of equivalence within +- margin, with the interval that decides it; None under six subjects."""

    margin: float
    p: float | None
    low: float | None
    high: float | None


def equivalent(differences: Sequence[float], margin: float, level: float = 0.05) -> Equivalence:
    """Two one-sided paired t tests (Schuirmann 1987) against -margin and +margin, in the measure's unit.

    p is the larger of the two; below `level` exactly when the 1 - 2 `level` interval (low, high) lies
    inside the margins. The margin must be stated before looking: it is what a clinician would shrug at.
    """
    from scipy import stats

    if not margin > 0:
        raise ValueError(f"the margin of equivalence must be positive, not {margin}")
    array = np.asarray(differences, np.float64)
    if array.size < FEWEST or not np.isfinite(array).all():
        return Equivalence(margin, None, None, None)
    mean, error = array.mean(), array.std(ddof=1) / np.sqrt(array.size)
    half = stats.t.ppf(1 - level, array.size - 1) * error
    if error <= 1e-12 * abs(mean):
        p = 0.0 if abs(mean) < margin else 1.0
    else:
        p = float(stats.t.sf((margin - abs(mean)) / error, array.size - 1))
    return Equivalence(margin, p, float(mean - half), float(mean + half))
