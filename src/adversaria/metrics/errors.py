"""M11: errors voxel by voxel, over the image or in a stated mask."""

from collections.abc import Callable

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked, inside, width_of


def mean_absolute_error(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean |output - target|, in the image's unit."""
    return float(np.abs(_difference(output, target, mask)[0]).mean())


def mean_squared_error(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean (output - target)^2."""
    return float(np.square(_difference(output, target, mask)[0]).mean())


def normalised_mean_squared_error(output: Array, target: Array, mask: Array | None = None, by: str = "energy") -> float:
    """sum (output - target)^2 / sum target^2 (energy); or `by="variance"`, the mean over the target's variance.

    The variance is that of the population. Not defined where the target is zero everywhere (energy) or constant
    (variance).
    """
    difference, second = _difference(output, target, mask)
    if by not in ("energy", "variance"):
        raise ValueError(f"NMSE is normalised by energy or by variance, not by '{by}'")
    below = np.square(second).mean() if by == "energy" else second.var()
    if below == 0:
        raise NotApplicable(f"the target is {'zero everywhere' if by == 'energy' else 'constant'}")
    return float(np.square(difference).mean() / below)


def error_over_variance(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean (output - target)^2 over the target's population variance."""
    return normalised_mean_squared_error(output, target, mask, "variance")


def squared_error_over_range(output: Array, target: Array, data_range: Range, mask: Array | None = None) -> float:
    """mean (output - target)^2 over the square of the declared range's width."""
    return mean_squared_error(output, target, mask) / width_of(data_range) ** 2


def absolute_error_over_range(output: Array, target: Array, data_range: Range, mask: Array | None = None) -> float:
    """mean |output - target| over the declared range's width."""
    return mean_absolute_error(output, target, mask) / width_of(data_range)


def _difference(output: Array, target: Array, mask: Array | None) -> tuple[Array, Array]:
    first, second = (inside(image, mask) for image in checked(output, target))
    return first - second, second


def _error(name: str, function: Callable[..., float], unit: str = "", ranged: bool = False) -> Metric:
    words = ("output", "target", "data_range") if ranged else ("output", "target")
    return Metric("M11", name, function, "lower", unit, "0 to infinity", words, "definition", takes=("mask",))


MAE = _error("mae", mean_absolute_error, "image")
MSE = _error("mse", mean_squared_error, "image squared")
NMSE = _error("nmse", normalised_mean_squared_error)
NMSE_VARIANCE = _error("nmse_variance", error_over_variance)
NMSE_RANGE = _error("nmse_range", squared_error_over_range, ranged=True)
NMAE = _error("nmae", absolute_error_over_range, ranged=True)
