"""Kernel distance between features: unbiased in the number of images, and with an interval."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.draws import stream
from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]

_BLOCK = 1024


def kernel_distance(first: Array, second: Array) -> float:
    """Unbiased squared MMD of features (n, d), (m, d) with the kernel (x.y / d + 1)^3; may be negative."""
    return _Sums(first, second).distance()


def kernel_distance_of_subsets(
    first: Array, second: Array, subsets: int = 100, size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Mean and standard deviation (n) over random subsets, as published (Binkowski et al. 2018)."""
    size = min(size, len(first), len(second))
    found = []
    for number in range(subsets):
        random = stream("kernel-distance", seed, number)
        found.append(kernel_distance(*(part[random.permutation(len(part))[:size]] for part in (first, second))))
    return float(np.mean(found)), float(np.std(found))


class _Sums:
    """Row sums of the three kernel matrices, block by block: all that distance and jackknife need."""

    def __init__(self, first: Array, second: Array):
        one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
        if one.shape[1:] != two.shape[1:] or min(len(one), len(two)) < 2:
            raise ValueError(f"two sets of at least two rows are expected, not {one.shape} and {two.shape}")
        self.n, self.m = len(one), len(two)
        self.within_one, self.within_two = _rows(one, one) - _own(one), _rows(two, two) - _own(two)
        self.across_one, self.across_two = _rows(one, two), _rows(two, one)

    def distance(self) -> float:
        n, m = self.n, self.m
        within = self.within_one.sum() / (n * (n - 1)) + self.within_two.sum() / (m * (m - 1))
        return float(within - 2 * self.across_one.sum() / (n * m))

    def standard_error(self) -> float:
        """Jackknife over the images of each set."""
        left_out = [
            _leave_one(self.within_one, self.across_one, self.n, self.m),
            _leave_one(self.within_two, self.across_two, self.m, self.n),
        ]
        return float(np.sqrt(sum((len(v) - 1) / len(v) * np.square(v - v.mean()).sum() for v in left_out)))


def _leave_one(within: Array, across: Array, n: int, m: int) -> Array:
    """What depends on one set, with each of its images left out in turn."""
    inside = (within.sum() - 2 * within) / ((n - 1) * (n - 2))
    return inside - 2 * (across.sum() - across) / ((n - 1) * m)


def _kernel(dots: Array, features: int) -> Array:
    return (dots / features + 1) ** 3


def _rows(one: Array, two: Array) -> Array:
    blocks = [one[k : k + _BLOCK] for k in range(0, len(one), _BLOCK)]
    return np.concatenate([_kernel(block @ two.T, one.shape[1]).sum(1) for block in blocks])


def _own(one: Array) -> Array:
    return _kernel(np.square(one).sum(1), one.shape[1])


def kid(output_features: Array, reference_features: Array) -> Estimate:
    """Kernel distance of two sets with a 95 % jackknife interval, named after its network.

    The estimate over all images, which is what the mean over subsets approaches; the interval treats
    images as independent, so sets with several images of a subject have too narrow a one.
    """
    from scipy import stats

    sums = _Sums(output_features, reference_features)
    value, n = sums.distance(), min(sums.n, sums.m)
    half = float(stats.t.ppf(0.975, n - 1)) * sums.standard_error()
    return Estimate(value, value - half, value + half, "jackknife interval, images taken as independent")


KID = SetMetric(
    "kid",
    "kid",
    kid,
    "lower",
    "kernel",
    "about 0 to infinity",
    ("output_features", "reference_features"),
    "Binkowski et al. 2018",
    fewest=10,
    few=50,
)
