"""M20: do the images of a set have one colour?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.median_intensity import colour_constancy, normalised_median_intensity
from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]


def intensity_spread(outputs: Sequence[Array], masks: Sequence[Array] | None = None) -> Estimate:
    """Coefficient of variation (SD / mean) over a set of images of their normalised median intensity; SD with n - 1.

    Median over 95th percentile of the pixels' mean over channels, in tissue where masks are given.
    """
    regions: Sequence[Array | None] = [None] * len(outputs) if masks is None else masks
    values = [normalised_median_intensity(image, mask) for image, mask in zip(outputs, regions, strict=True)]
    deviation, variation = colour_constancy(values)
    return Estimate(variation, note=f"standard deviation {deviation:.4g}, mean {np.mean(values):.4g}")


COLOUR_CONSTANCY = SetMetric(
    "M20",
    "colour_constancy",
    intensity_spread,
    "lower",
    "",
    "0 to infinity",
    ("outputs",),
    "definition",
    fewest=2,
    few=10,
    takes=("masks",),
)
