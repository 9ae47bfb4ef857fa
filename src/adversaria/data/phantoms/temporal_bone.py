"""The ear in the temporal bone: cochlea, canals, air cells, and an electrode of an implant."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, between, grid
from adversaria.data.phantoms.inclusion import included
from adversaria.data.phantoms.noise import reconstructed
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import Canvas, Points, ellipsoid, membership
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"bone": 1, "air cell": 2, "cochlea": 3, "canal": 4, "brain": 5, "ear canal": 6}
FACTORS = (
    "size", "rotation", "x", "y", "turns", "tube", "rise", "ring", "ring_tube", "bone", "diploe", "cells", "walls",
    "ear", "depth",
)  # fmt: skip
_AIR = -980.0
_METAL = 346_500.0  # platinum near 65 keV
_CONTACTS = 16


class TemporalBone(Phantom):
    """A field of 40 mm around the inner ear in HU, with and without an electrode in the cochlea.

    A cochlea of two and a half turns, three semicircular canals, the canals of ear and nerve, pneumatised mastoid and
    brain. Words: `ct`, `implanted` (the same with 16 contacts of an electrode, ideal numbers; an operator makes the
    streaks), `electrode`, `mask` (LABELS), `lesion` (soft tissue in the air cells, in the share `prevalence`),
    `lesions`, `factors`, `label` (0 clear, 1 soft tissue). A contact is a ball of platinum of 0.5 mm. A 2D
    case is the volume's middle slice, through the basal turn, which is flat. `noise` is in HU.
    """

    words = ("ct", "implanted", "electrode", "mask", "lesion", "lesions", "factors", "label")
    units = {
        "ct": "HU", "implanted": "HU", "electrode": "labels", "mask": "labels", "lesion": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("clear", "soft tissue")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        prevalence: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        noise: float = 0.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 40.0 / size, seed, prevalence, healthy)
        self.contrast, self.noise = contrast, noise

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one ear, or its twin without the lesion."""
        name = self.named(subject)
        axes, f = self.axes(), drawn(name)
        ear = _Ear(name, axes, f)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, 40.0)
        ear.paint(canvas)
        lesion: NDArray[Any] = np.zeros_like(canvas.labels)
        table: list[dict[str, Any]] = []
        if self.sick(subject, healthy):
            change = np.float32(self.contrast) * (45.0 - canvas.image)
            where = {"reach": 3.0, "diameters": (3.0, 7.0), "change": change}
            lesion, table = included(canvas, name, axes, grid(axes), "soft tissue", **where, middle=(-10.0, 9.0))  # type: ignore[arg-type]
        image: Array = canvas.image
        if self.noise:
            image = image + np.float32(self.noise) * reconstructed(image.shape, stream(*name, "noise"))
        cover = membership(ear.to_points(ear.contacts()) - np.float32(0.25), self.spacing)
        return {
            "ct": self.out(image),
            "implanted": self.out(image + cover * (_METAL - image)),
            "electrode": self.out((cover > 0.3).astype(np.int16)),
            "mask": self.out(canvas.labels),
            "lesion": self.out(lesion),
            "lesions": table,
            "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": int(bool(table)),
        }


class _Ear:
    """One ear on a grid: x outwards is negative, y to the back, z up (mm)."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, f: dict[str, float]):
        self.name, self.axes, self.f = name, axes, f
        x, y, z = grid(axes)
        c, s = np.float32(np.cos(f["rotation"]) / f["size"]), np.float32(np.sin(f["rotation"]) / f["size"])
        x, y = x - np.float32(f["x"]), y - np.float32(f["y"])
        # little along z, or a slice would miss the electrode
        bend = [np.float32(b) * self.field(f"warp {k}", 9.0) for k, b in enumerate((0.5, 0.5, 0.12))]
        self.at: Points = (c * x + s * y + bend[0], c * y - s * x + bend[1], z / np.float32(f["size"]) + bend[2])

    def field(self, what: str, pitch: float) -> Array:
        return Lattice((*self.name, what), pitch, 40.0).on(self.axes)

    def spiral(self, turns: float, count: int) -> Array:
        """Points (N, 3) along the cochlea from its base."""
        t = np.linspace(0, 2 * np.pi * turns, count)
        radius = 4.2 * np.exp(-0.11 * t)
        rise = self.f["rise"] * np.clip(t / (2 * np.pi) - 1, 0, None)
        return np.stack([3.0 + radius * np.cos(t + 2.2), -3.0 + radius * np.sin(t + 2.2), rise], 1)

    def contacts(self) -> Array:
        """Middles (16, 3) of the electrode's contacts."""
        return self.spiral(1.1, _CONTACTS)

    def to_points(self, points: Array) -> Array:
        """Distance to the nearest of some points; far away a bound."""
        nearest = np.full(np.broadcast_shapes(*(p.shape for p in self.at)), 40.0, np.float32)
        near = np.abs(self.at[0] - 3) + np.abs(self.at[1] + 3) + np.abs(self.at[2]) < 14
        at = [np.broadcast_to(p, nearest.shape)[near] for p in self.at]
        best = np.full(at[0].shape, 1600.0, np.float32)
        for px, py, pz in points.astype(np.float32):
            np.minimum(best, (at[0] - px) ** 2 + (at[1] - py) ** 2 + (at[2] - pz) ** 2, out=best)
        nearest[near] = np.sqrt(best)
        return nearest

    def paint(self, canvas: Canvas) -> None:
        """Paint the ear from outside in."""
        f, (x, y, z) = self.f, self.at
        brain = y + np.float32(0.5) * x - np.float32(13.0 + f["depth"])
        canvas.image += np.float32(6) * self.field("soft", 2.5)
        bone = np.maximum(-x - np.float32(19.0), brain)
        porous = np.float32(f["diploe"]) * (1 + np.float32(0.15) * self.field("diploe", 1.2))
        canvas.paint(bone, porous, LABELS["bone"])
        dense = ellipsoid(self.at, (2.0, -1.0, 0.0), (11.5, 9.5, 10.0)) + np.float32(0.6) * self.field("petrous", 5.0)
        canvas.paint(dense, f["bone"] * (1 + np.float32(0.03) * self.field("grain", 0.8)), LABELS["bone"])
        self._cells(canvas, bone, dense)
        tube = np.maximum(np.hypot(y + 4 + 0.15 * x, z) - np.float32(f["ear"]), x + 7)
        canvas.paint(tube, _AIR, LABELS["ear canal"])
        nerve = np.maximum(np.hypot(y + 0.5, z) - np.float32(2.2), 7 - x)
        canvas.paint(nerve, 15.0, LABELS["canal"])
        for centre, normal in (((-2.0, 3.5, 0.0), 2), ((-1.0, 4.0, 2.0), 0), ((-1.5, 5.0, 1.0), 1)):
            canvas.paint(self._ring(centre, normal), 15.0, LABELS["canal"])
        cochlea = self.to_points(self.spiral(f["turns"], 110)) - np.float32(f["tube"])
        canvas.paint(cochlea, 15.0, LABELS["cochlea"])

    def _ring(self, centre: tuple[float, float, float], normal: int) -> Array:
        parts = [p - np.float32(c) for p, c in zip(self.at, centre, strict=True)]
        height = parts.pop(normal)
        ring = np.hypot(parts[0], parts[1]) - np.float32(self.f["ring"])
        found: Array = np.hypot(ring, height) - np.float32(self.f["ring_tube"])
        return found

    def _cells(self, canvas: Canvas, bone: Array, dense: Array) -> None:
        """Hollow out the mastoid: cells are where a field is away from zero, walls where it is near."""
        region = ellipsoid(self.at, (-10.0, 8.0, 0.0), (8.5 * self.f["cells"], 7.5 * self.f["cells"], 12.0))
        field, slopes = Lattice((*self.name, "cells"), 2.6, 40.0).with_slopes(self.axes)
        steep = np.sqrt(np.square(slopes).sum(0)) + np.float32(0.12)
        walls = np.float32(self.f["walls"]) - np.abs(field) / steep
        hollow = np.maximum(np.maximum(walls, region), np.maximum(bone + 1.2, 0.8 - dense))
        canvas.paint(hollow, _AIR, LABELS["air cell"])


def drawn(name: tuple[int | str, ...]) -> dict[str, float]:
    """Draw what varies between ears; lengths in mm."""
    return {
        "size": about((*name, "size"), 1, 0.05),
        "rotation": about((*name, "rotation"), 0, 0.18),
        "x": about((*name, "x"), 0, 1.2),
        "y": about((*name, "y"), 0, 1.2),
        "turns": about((*name, "turns"), 2.55, 0.08),
        "tube": about((*name, "tube"), 0.95, 0.06),
        "rise": about((*name, "rise"), 1.1, 0.1),
        "ring": about((*name, "ring"), 3.2, 0.2),
        "ring_tube": about((*name, "ring tube"), 0.6, 0.05),
        "bone": about((*name, "bone"), 1850, 120),
        "diploe": about((*name, "diploe"), 750, 90),
        "cells": between((*name, "cells"), 0.7, 1.15),
        "walls": between((*name, "walls"), 0.25, 0.5),
        "ear": about((*name, "ear"), 3.4, 0.4),
        "depth": about((*name, "depth"), 0, 1.5),
    }
