"""How a sinogram was measured: a small JSON file beside it, `NAME.geometry.json`, checked against the sinogram."""

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from adversaria.data.guard import UnreadableImage

_LARGEST = 64 * 1024
_KEYS = "beam, views or angles, span, element, axis, distance, size, water"


@dataclass(frozen=True)
class Geometry:
    """A scan in one plane.

    `beam` is parallel or fan; `angles`, in degrees, are those of the views, or `views` equal steps over `span` degrees
    (180 for parallel, 360 for fan); `element` is the width of a detector element in mm (for a fan as it appears at the
    axis), `axis` the element, counted from 0, on which the axis of rotation is seen (the middle, or found from the
    views, where it is left out), `distance` from the source to the axis in mm, `size` the side of the image in
    pixels as wide as an element, `water` the attenuation of water in 1/cm, with which the image is given in HU.
    """

    beam: str = "parallel"
    views: int = 0
    angles: tuple[float, ...] = ()
    span: float = 0.0
    element: float = 1.0
    axis: float | None = None
    distance: float | None = None
    size: int = 0
    water: float | None = None

    def degrees(self) -> tuple[float, ...]:
        """The angle of each view."""
        if self.angles:
            return self.angles
        span = self.span or (360.0 if self.beam == "fan" else 180.0)
        return tuple(span * k / self.views for k in range(self.views))


def sidecar(path: Path) -> Path:
    """Where the geometry of a sinogram is looked for."""
    stem = path.name[:-7] if path.name.lower().endswith(".nii.gz") else path.stem
    return path.parent / f"{stem}.geometry.json"


def read_geometry(path: Path) -> Geometry:
    """Read a geometry file; anything that it cannot mean is refused."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is longer than 64 KiB")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableImage(f"{path} cannot be read: {error}.", f"It is a JSON object with {_KEYS}.") from None
    known = {field.name for field in fields(Geometry)}
    unknown = sorted(set(found) - known) if isinstance(found, dict) else ["no object"]
    if unknown:
        raise UnreadableImage(f"{path} states '{unknown[0]}', which means nothing.", f"It may state {_KEYS}.")
    wrong = [name for name, value in found.items() if not _fits(name, value)]
    if wrong:
        raise UnreadableImage(f"{path} states {wrong[0]}: {str(found[wrong[0]])[:60]}.", _REMEDIES[wrong[0]])
    geometry = Geometry(**{**found, "angles": tuple(found.get("angles", ()))})
    if not geometry.degrees():
        raise UnreadableImage(f"{path} states neither views nor angles.", "State one of them.")
    if geometry.beam == "fan" and geometry.distance is None:
        raise UnreadableImage(f"{path} states a fan beam without its distance.", _REMEDIES["distance"])
    return geometry


_REMEDIES = {
    "beam": "It is parallel or fan.",
    "views": "It is how many views there are.",
    "angles": "It is a list of degrees, one a view.",
    "span": "It is how many degrees the views cover, above 0 and at most 360.",
    "element": "It is the width of a detector element in mm.",
    "axis": "It is the number of a detector element, counted from 0, or part of one.",
    "distance": "It is the way from the source to the axis of rotation in mm.",
    "water": "It is the attenuation of water in this beam, in 1/cm.",
    "size": "It is the side of the image in pixels, 8 to 8192.",
}


def _fits(name: str, value: Any) -> bool:
    if name == "beam":
        return value in ("parallel", "fan")
    if name == "angles":
        return isinstance(value, list) and 0 < len(value) <= 100_000 and all(map(_number, value))
    if name in ("views", "size"):
        low, high = (1, 100_000) if name == "views" else (8, 8192)
        return type(value) is int and low <= value <= high
    return _number(value) and (value >= 0 if name == "axis" else value > 0) and (name != "span" or value <= 360)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def refuse_unlike(geometry: Geometry, views: int, detectors: int, path: Path) -> None:
    """Refuse a geometry that does not match the sinogram it lies beside."""
    stated = len(geometry.degrees())
    if stated != views:
        raise UnreadableImage(
            f"{path} holds {views} views and its geometry states {stated}.",
            "Views are the first axis of a sinogram, detector elements the second: turn it, or mend the geometry.",
        )
    if geometry.axis is not None and not 0 <= geometry.axis <= detectors - 1:
        raise UnreadableImage(
            f"{path}: the stated axis of rotation, element {geometry.axis:g}, lies beside its {detectors} elements.",
            "Count elements from 0, or leave the axis out: it is then found from the views.",
        )
