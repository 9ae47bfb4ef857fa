"""Means with honest intervals: over subjects, by Student's t, and none at all where there are too few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 6


@dataclass(frozen=True)
class Summary:
    """A mean over `n` subjects with its interval, or the reason why there is none."""

    n: int
    mean: float
    low: float | None = None
    high: float | None = None
    note: str = ""

    def __str__(self) -> str:
        """Write as `mean [low, high]`."""
        if self.low is None or self.high is None:
            return f"{self.mean:.3g}"
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}]"


def summarise(values: Sequence[float], level: float = 0.95) -> Summary:
    """Mean and t interval over subjects; under six values, or with infinite ones, no interval."""
    from scipy import stats

    array = np.asarray(values, np.float64)
    if array.size == 0:
        return Summary(0, float("nan"), note="not measured")
    mean = float(array.mean())
    if not np.isfinite(array).all():
        return Summary(array.size, mean, note="some values are infinite: no interval")
    if array.size < FEWEST:
        return Summary(array.size, mean, note=f"{array.size} subjects: too few for an interval")
    half = float(stats.t.ppf(0.5 + level / 2, array.size - 1) * array.std(ddof=1) / np.sqrt(array.size))
    return Summary(array.size, mean, mean - half, mean + half)


def paired(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Summary:
    """Mean and t interval of the difference first - second, subject by subject."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values cannot be paired")
    return summarise([a - b for a, b in zip(first, second, strict=True)], level)
