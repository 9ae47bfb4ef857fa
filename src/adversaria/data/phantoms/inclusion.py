"""A single roundish lesion in a phantom whose lesions have no anatomy of their own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, between
from adversaria.data.phantoms.shapes import Canvas, Points, centroid, ellipsoid, stamp
from adversaria.draws import stream

Array = NDArray[Any]


def included(
    canvas: Canvas,
    name: tuple[int | str, ...],
    axes: Axes,
    at: Points,
    kind: str,
    reach: float,
    diameters: tuple[float, float],
    change: float | Array,
    within: Array | float = 1.0,
    middle: tuple[float, float] = (0.0, 0.0),
) -> tuple[NDArray[np.int16], list[dict[str, Any]]]:
    """Add `change` to the image in an ellipsoid near the slice at height 0, up to `reach` mm from `middle`.

    Gives the label map and the table of what was put in; `within` is the share of each voxel that it can take.
    """
    turn, far = stream(*name, "inclusion").uniform(size=2)
    angle = 2 * np.pi * turn
    away = reach * np.sqrt(far)
    diameter = between((*name, "inclusion diameter"), *diameters)
    sides = [between((*name, "inclusion side", k), 0.85, 1.15) for k in range(2)]
    centre = (middle[0] + away * np.cos(angle), middle[1] + away * np.sin(angle), 0.0)
    radius = diameter / 2
    shape = ellipsoid(at, centre, (radius * sides[0], radius / sides[0], radius * sides[1]))
    share = canvas.paint(shape, canvas.image + change, within=within)
    lesion = np.zeros_like(canvas.labels)
    if float(share.max()) < 0.05:
        return lesion, []
    stamp(lesion, share, 1)
    row = {
        "id": 1,
        "type": kind,
        "centre_mm": centroid(share, axes),
        "diameter_mm": diameter,
        "volume_mm3": float(share.sum()) * canvas.voxel**3,
    }
    return lesion, [row]
