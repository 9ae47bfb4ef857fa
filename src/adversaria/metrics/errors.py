"""M11: errors voxel by voxel, over the image or in a stated mask."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, inside


def mean_absolute_error(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean |output - target|, in the image's unit."""
    return float(np.abs(_difference(output, target, mask)[0]).mean())


def mean_squared_error(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean (output - target)^2."""
    return float(np.square(_difference(output, target, mask)[0]).mean())


def normalised_mean_squared_error(output: Array, target: Array, mask: Array | None = None, by: str = "energy") -> float:
    """sum (output - target)^2 / sum target^2; or `by="variance"`, the mean over the target's population variance.

    Not defined where the target is zero everywhere (energy) or constant (variance).
    """
    difference, second = _difference(output, target, mask)
    if by not in ("energy", "variance"):
        raise ValueError(f"NMSE is normalised by energy or by variance, not by '{by}'")
    below = np.square(second).mean() if by == "energy" else second.var()
    if below == 0:
        raise NotApplicable(f"the target is {'zero everywhere' if by == 'energy' else 'constant'}")
    return float(np.square(difference).mean() / below)


def _difference(output: Array, target: Array, mask: Array | None) -> tuple[Array, Array]:
    first, second = (inside(image, mask) for image in checked(output, target))
    return first - second, second


_WORDS, _MASK = ("output", "target"), ("mask",)
_OPEN = "0 to infinity"
MAE = Metric("M11", "mae", mean_absolute_error, "lower", "image", _OPEN, _WORDS, "definition", takes=_MASK)
MSE = Metric("M11", "mse", mean_squared_error, "lower", "image squared", _OPEN, _WORDS, "definition", takes=_MASK)
NMSE = Metric("M11", "nmse", normalised_mean_squared_error, "lower", "", _OPEN, _WORDS, "definition", takes=_MASK)
