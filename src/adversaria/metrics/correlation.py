"""M21: cross correlation."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, inside


def cross_correlation(output: Array, target: Array, mask: Array | None = None) -> float:
    """Pearson's correlation of all voxels of two images, or of those in a mask; not defined for a constant image."""
    first, second = (inside(image, mask).ravel() for image in checked(output, target))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        raise NotApplicable("an image is constant")
    first, second = first - first.mean(), second - second.mean()
    return float(np.clip(first @ second / np.sqrt((first @ first) * (second @ second)), -1, 1))


NCC = Metric(
    "M21",
    "ncc",
    cross_correlation,
    "higher",
    "",
    "-1 to 1",
    ("output", "target"),
    "Lee Rodgers and Nicewander 1988",
    takes=("mask",),
)
