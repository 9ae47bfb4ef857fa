"""Fidelity and variety apart, by nearest neighbours among features."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]

_BLOCK = 1024


def distances(one: Array, two: Array) -> Array:
    """Euclidean distances (n, m) between rows."""
    squares = np.square(one).sum(1)[:, None] + np.square(two).sum(1) - 2 * one @ two.T
    return np.sqrt(np.maximum(squares, 0))


def nearest(one: Array, two: Array) -> Array:
    """Distance from each row of `one` to the nearest of `two`."""
    return _by_block(one, lambda block: distances(block, two).min(1))


def radii(features: Array, k: int) -> Array:
    """Distance from each row to its k-th nearest other row."""
    if not 1 <= k < len(features):
        raise ValueError(f"{len(features)} rows have no {k}-th neighbours")
    return _by_block(features, lambda block: np.partition(distances(block, features), k, axis=1)[:, k])


def _by_block(rows: Array, of: Callable[[Array], Array]) -> Array:
    rows = np.asarray(rows, np.float64)
    return np.concatenate([of(rows[k : k + _BLOCK]) for k in range(0, len(rows), _BLOCK)])


def inside(samples: Array, centres: Array, reach: Array) -> Array:
    """In how many balls around `centres` each sample lies, (n,)."""
    return _by_block(samples, lambda block: (distances(block, np.asarray(centres, np.float64)) <= reach).sum(1))


def precision(output_features: Array, reference_features: Array, k: int = 3) -> Estimate:
    """Share of the scored images within reach of the references (Kynkaanniemi et al. 2019): fidelity."""
    found = inside(output_features, reference_features, radii(reference_features, k)) > 0
    return Estimate(float(found.mean()), note=f"k = {k}")


def recall(output_features: Array, reference_features: Array, k: int = 3) -> Estimate:
    """Share of the references within reach of the scored images (Kynkaanniemi et al. 2019): variety."""
    found = inside(reference_features, output_features, radii(output_features, k)) > 0
    return Estimate(float(found.mean()), note=f"k = {k}")


def density(output_features: Array, reference_features: Array, k: int = 5) -> Estimate:
    """Mean number of reference balls that hold a scored image, over k (Naeem et al. 2020); about 1 if alike."""
    found = inside(output_features, reference_features, radii(reference_features, k))
    return Estimate(float(found.mean() / k), note=f"k = {k}")


def coverage(output_features: Array, reference_features: Array, k: int = 5) -> Estimate:
    """Share of reference balls that hold a scored image (Naeem et al. 2020): variety, not fooled by outliers."""
    found = nearest(reference_features, np.asarray(output_features, np.float64)) <= radii(reference_features, k)
    return Estimate(float(found.mean()), note=f"k = {k}")


_WORDS = ("output_features", "reference_features")
_KYNKAANNIEMI, _NAEEM = "Kynkaanniemi et al. 2019", "Naeem et al. 2020"
PRECISION = SetMetric("precision", "precision", precision, "higher", "", "0 to 1", _WORDS, _KYNKAANNIEMI, 10, 1000)
RECALL = SetMetric("recall", "recall", recall, "higher", "", "0 to 1", _WORDS, _KYNKAANNIEMI, 10, 1000)
DENSITY = SetMetric("density", "density", density, "higher", "", "0 to infinity", _WORDS, _NAEEM, 10, 1000)
COVERAGE = SetMetric("coverage", "coverage", coverage, "higher", "", "0 to 1", _WORDS, _NAEEM, 10, 1000)
