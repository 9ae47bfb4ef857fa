"""M26: contrast of a region to its background."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, finite, inside


def contrast_to_background(output: Array, mask: Array, background: Array) -> float:
    """(mean of the region - mean of the background) / mean of the background.

    The plain ratio is this plus 1. It means nothing on a scale without a true zero: add 1000 to Hounsfield
    units first. Not defined where the background is zero.
    """
    image = finite(output)
    region, behind = (float(np.mean(inside(image, where))) for where in (mask, background))
    if behind == 0:
        raise NotApplicable("the mean of the background is zero")
    return (region - behind) / behind


def contrast_kept(output: Array, target: Array, mask: Array, background: Array) -> float:
    """Contrast to background of the image over that of the reference: 1 is the same local contrast."""
    checked(output, target)
    wanted = contrast_to_background(target, mask, background)
    if wanted == 0:
        raise NotApplicable("the region has no contrast in the reference")
    return contrast_to_background(output, mask, background) / wanted


CBR = Metric(
    "M26",
    "contrast_to_background",
    contrast_to_background,
    "neither",
    "",
    "any",
    ("output", "mask", "background"),
    "definition",
)
CBR_KEPT = Metric(
    "M26",
    "contrast_to_background_kept",
    contrast_kept,
    "closer to 1",
    "",
    "any",
    ("output", "target", "mask", "background"),
    "definition",
)
