"""Whether a scan that a user brings is one that an operator describes, and what is said of a part of it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from adversaria.data.image import Image
from adversaria.vocabulary import UserError

_BESIDE = 0.5  # detector elements between two places of the axis that are believed to be one
_WIDER = 0.01  # share by which two widths of an element may differ
_MISSED = 0.2  # pixels that a turned view may lie off at the border of the image


def named_by(image: Image) -> str:
    """How an image is called in a message."""
    return str(image.source[0]) if image.source else "this image"


def refuse_another_scanner(image: Image, operator: Any) -> None:
    """Refuse a sinogram whose axis or elements are not those of the operator: it would reconstruct to nonsense."""
    name, place = type(operator).__name__, named_by(image)
    if not hasattr(operator, "pitch") or "shift" not in image.facts:
        return
    beside, element = float(image.facts["shift"]), operator.spacing * operator.pitch
    if abs(beside - operator.shift) > _BESIDE:
        raise UserError(
            f"{place}: the axis of rotation is seen {beside:.2f} elements beside the detector's middle, and {name} has "
            f"it at {operator.shift:g}.",
            f"Write shift: {beside:.2f} into {name} under acquire, and into the game's physics.",
        )
    if image.spacing and abs(image.spacing[0] / element - 1) > _WIDER:
        raise UserError(
            f"{place}: elements of the detector are {image.spacing[0]:g} mm wide, and those of {name} {element:g} mm.",
            "Mend spacing and pitch of the operators (an element is as wide as both multiplied), or state `element` in "
            "the scan's geometry file.",
        )


def refuse_other_angles(angles: Tensor, operator: Any) -> None:
    """Refuse views that lie off the operator's own angles where nobody who reads the measurement is told."""
    apart = (angles.double() - operator.angles + math.pi).remainder(2 * math.pi) - math.pi
    furthest = float(apart.abs().max())
    if furthest > _MISSED / (operator.size / 2):
        raise UserError(
            f"the views that are kept lie up to {math.degrees(furthest):.2f} degrees off the angles of "
            f"{type(operator).__name__}.",
            "Bind them, so that they are known: angles: low/angles, with `low` as the word is called under acquire.",
        )


def on_pixels(image: Image, operator: Any) -> Image:
    """Give what was reconstructed from a real sinogram the size of the operator's pixels; others as they are."""
    if not hasattr(operator, "pitch") or not image.spacing:
        return image
    return replace(image, spacing=(operator.spacing, operator.spacing, *image.spacing[2:]))


def said_of(whole: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> tuple[str, ...]:
    """What the user must know of a part of a scan: how much is left, and whether the whole is a truth."""
    if "angles" in kept:
        views, of = kept["angles"].shape[-1], whole["angles"].shape[-1]
        return (f"{views} of its {of} measured views are kept, the target is what all give",) if views < of else ()
    full = whole.get("sampling")
    if full is None or bool((full > 0).all()):
        return ("a part of its measured k-space is kept, the target is what all of it gives",)
    return (
        "a part of its measured k-space is kept; that was not full itself, so that the target, what all of it gives, "
        "is no truth",
    )
