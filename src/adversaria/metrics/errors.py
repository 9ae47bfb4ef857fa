"""M11: errors voxel by voxel."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, checked


def mean_absolute_error(output: Array, target: Array) -> float:
    """mean |output - target|, in the image's unit."""
    first, second = checked(output, target)
    return float(np.abs(first - second).mean())


def mean_squared_error(output: Array, target: Array) -> float:
    """mean (output - target)^2."""
    first, second = checked(output, target)
    return float(np.square(first - second).mean())


def normalised_mean_squared_error(output: Array, target: Array) -> float:
    """sum (output - target)^2 / sum target^2 (energy)."""
    first, second = checked(output, target)
    return float(np.square(first - second).sum() / np.square(second).sum())


_WORDS = ("output", "target")
MAE = Metric("M11", "mae", mean_absolute_error, "lower", "image", "0 to infinity", _WORDS, "definition")
MSE = Metric("M11", "mse", mean_squared_error, "lower", "image squared", "0 to infinity", _WORDS, "definition")
NMSE = Metric("M11", "nmse", normalised_mean_squared_error, "lower", "", "0 to infinity", _WORDS, "definition")
