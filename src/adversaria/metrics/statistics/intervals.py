"""Means with honest intervals: over subjects, and none at all where there are too few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

FEWEST = 6
FEWEST_PERCENTILE = 30
RESAMPLES = 9999


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
    """Mean and Student's t interval over subjects; under six values, or with infinite ones, no interval."""
    from scipy import stats

    array = np.asarray(values, np.float64)
    refused = _refused(array)
    if refused is not None:
        return refused
    half = float(stats.t.ppf(0.5 + level / 2, array.size - 1) * array.std(ddof=1) / np.sqrt(array.size))
    mean = float(array.mean())
    return Summary(array.size, mean, mean - half, mean + half)


def bootstrap_t(values: Sequence[float], level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0) -> Summary:
    """Mean and bootstrap-t interval (Efron and Tibshirani 1993, chapter 12.5), for values that are skewed.

    Each resample gives t* = (mean* - mean) / standard error*; its quantiles take the place of Student's.
    Wider on the side of the long tail than the t interval; with six subjects it can be very wide.
    """
    array = np.asarray(values, np.float64)
    refused = _refused(array)
    if refused is not None:
        return refused
    low, high = bootstrap_t_limits(array[None], level, resamples, seed)
    return Summary(array.size, float(array.mean()), float(low[0]), float(high[0]))


def bootstrap_t_limits(studies: Array, level: float, resamples: int, seed: int) -> tuple[Array, Array]:
    """Limits of the bootstrap-t interval of each row of (studies, n); all rows share the resamples' places."""
    count = studies.shape[1]
    places = np.random.default_rng(seed).integers(0, count, (resamples, count))
    times = np.stack([(places == k).sum(1) for k in range(count)]).astype(np.float64)
    mean = studies.mean(1, keepdims=True)
    centred = studies - mean
    moved = centred @ times / count
    spread = np.sqrt(np.maximum(centred**2 @ times / count - moved**2, 0) / (count - 1))
    t = np.divide(moved, spread, out=np.zeros_like(moved), where=spread > 1e-12 * np.abs(centred).max(1, keepdims=True))
    lower, upper = np.quantile(t, [0.5 - level / 2, 0.5 + level / 2], axis=1)
    error = studies.std(1, ddof=1) / np.sqrt(count)
    return mean[:, 0] - upper * error, mean[:, 0] - lower * error


def percentile_bootstrap(
    values: Sequence[float], level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Summary:
    """Mean and percentile bootstrap interval; refused under 30 values, where it is too narrow."""
    array = np.asarray(values, np.float64)
    refused = _refused(array)
    if refused is None and array.size < FEWEST_PERCENTILE:
        refused = Summary(
            array.size, float(array.mean()), note=f"{array.size} subjects: too few for a percentile bootstrap"
        )
    if refused is not None:
        return refused
    random = np.random.default_rng(seed)
    means = array[random.integers(0, array.size, (resamples, array.size))].mean(1)
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return Summary(array.size, float(array.mean()), float(low), float(high))


def paired(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Summary:
    """Mean and t interval of the difference first - second, subject by subject."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values cannot be paired")
    return summarise([a - b for a, b in zip(first, second, strict=True)], level)


def _subjects(count: int) -> str:
    return f"{count} subject{'' if count == 1 else 's'}"


def _refused(array: Array) -> Summary | None:
    """Give the summary without an interval, where there must be none."""
    if array.size == 0:
        return Summary(0, float("nan"), note="not measured")
    mean = float(array.mean())
    if not np.isfinite(array).all():
        return Summary(array.size, mean, note="some values are infinite: no interval")
    if array.size < FEWEST:
        return Summary(array.size, mean, note=f"{_subjects(array.size)}: too few for an interval")
    return None
