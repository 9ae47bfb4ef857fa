"""M20: normalised median intensity, which shares its letters with mutual information and nothing else."""

from collections.abc import Sequence

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, finite, inside


def median_intensity(output: Array, mask: Array | None = None) -> float:
    """Median over the pixels (of tissue, if a mask is given) of the mean over the channels."""
    return float(np.median(inside(finite(output), mask).mean(0)))


def normalised_median_intensity(output: Array, mask: Array | None = None) -> float:
    """Median over the 95th percentile (interpolated) of the pixels' mean over channels, in tissue if a mask is given.

    What is reported of a set is its spread, see `colour_constancy`. Not defined where the percentile is
    not positive.
    """
    pixels = inside(finite(output), mask).mean(0)
    high = float(np.percentile(pixels, 95))
    if high <= 0:
        raise NotApplicable("the 95th percentile of the intensity is not positive")
    return float(np.median(pixels)) / high


def colour_constancy(values: Sequence[float]) -> tuple[float, float]:
    """Standard deviation (n - 1) and coefficient of variation of the normalised median intensities of a set."""
    array = np.asarray(values, np.float64)
    if array.size < 2:
        raise NotApplicable("a spread needs two images")
    spread, mean = float(array.std(ddof=1)), float(array.mean())
    if mean <= 0:
        raise NotApplicable("the normalised medians have no positive mean")
    return spread, spread / mean


MEDIAN_INTENSITY = Metric(
    "M20",
    "normalised_median_intensity",
    normalised_median_intensity,
    "neither",
    "",
    "any",
    ("output",),
    "definition",
    takes=("mask",),
)
