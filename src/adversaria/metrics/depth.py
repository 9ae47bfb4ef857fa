"""M34: errors of estimated depth."""

from collections.abc import Callable

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, inside


def _depths(output: Array, target: Array, mask: Array | None) -> tuple[Array, Array]:
    first, second = (inside(image, mask).ravel() for image in checked(output, target))
    known = second > 0
    if not known.any():
        raise NotApplicable("the reference holds no positive depth")
    return first[known], second[known]


def relative_depth_error(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean |output - target| / target where the true depth is positive; no scale is aligned."""
    first, second = _depths(output, target, mask)
    return float((np.abs(first - second) / second).mean())


def logarithmic_depth_error(output: Array, target: Array, mask: Array | None = None) -> float:
    """mean |log10(output / target)| where the true depth is positive; not defined for estimates that are not."""
    first, second = _depths(output, target, mask)
    if not (first > 0).all():
        raise NotApplicable("an estimated depth is not positive")
    return float(np.abs(np.log10(first / second)).mean())


def depth_rms(output: Array, target: Array, mask: Array | None = None) -> float:
    """Root mean square error of depth, in its unit, where the true depth is positive."""
    first, second = _depths(output, target, mask)
    return float(np.sqrt(np.square(first - second).mean()))


def _depth(name: str, function: Callable[..., float], unit: str) -> Metric:
    return Metric(
        "M34",
        name,
        function,
        "lower",
        unit,
        "0 to infinity",
        ("output", "target"),
        "definition",
        takes=("mask",),
    )


DEPTH_RELATIVE = _depth("depth_relative", relative_depth_error, "")
DEPTH_LOG = _depth("depth_log10", logarithmic_depth_error, "")
DEPTH_RMS = _depth("depth_rms", depth_rms, "image")
