"""A foam under an X-ray tomograph: bubbles, grains and a crack in a cylinder."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, between, grid
from adversaria.data.phantoms.inclusion import included
from adversaria.data.phantoms.noise import reconstructed
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import Canvas, cylinder
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"solid": 1, "bubble": 2, "grain": 3, "crack": 4}
FACTORS = (
    "radius", "spread", "sample", "density", "texture", "x", "y", "gap", "grains", "crack_angle", "crack_offset",
    "crack_width",
)  # fmt: skip
_AIR = -1000.0


class Foam(Phantom):
    """A closed foam in a cylinder of about 3.6 mm (after Pelt et al. 2018 and Liu et al. 2020), as CT numbers in HU.

    Bubbles of log-normal radii are packed without touching, fewer dense grains among them, and a warped crack runs
    through. The solid, of a density of its own, has texture. The share `prevalence` holds one inclusion of low
    contrast (`contrast` times +180 HU), the witness of what a denoiser removes. Words: `ct`, `mask` (LABELS),
    `lesion`, `lesions`, `factors`, `label` (0 none, 1 inclusion). A 2D case is the volume's middle slice. `noise` is
    in HU, with the spectrum of a filtered back-projection.
    """

    words = ("ct", "mask", "lesion", "lesions", "factors", "label")
    units = {"ct": "HU", "mask": "labels", "lesion": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("plain", "inclusion")

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
        super().__init__(size, dims, spacing or 4.2 / size, seed, prevalence, healthy)
        self.contrast, self.noise = contrast, noise

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one sample, or its twin without the inclusion."""
        name = self.named(subject)
        axes, f = self.axes(), drawn(name)
        at = grid(axes)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, _AIR)
        solid = canvas.paint(cylinder(at, (f["x"], f["y"]), f["sample"]), f["density"], LABELS["solid"])
        canvas.image += solid * np.float32(f["texture"]) * Lattice((*name, "texture"), 0.25, 4.0).on(axes)
        lesion: NDArray[Any] = np.zeros_like(canvas.labels)
        table: list[dict[str, Any]] = []
        if self.sick(subject, healthy):
            where = {"reach": 0.6 * f["sample"], "diameters": (0.5, 1.0), "change": 180.0 * self.contrast}
            lesion, table = included(canvas, name, axes, at, "inclusion", **where, middle=(f["x"], f["y"]))  # type: ignore[arg-type]
        self._holes(canvas, name, axes, f)
        image: Array = canvas.image
        if self.noise:
            image = image + np.float32(self.noise) * reconstructed(image.shape, stream(*name, "noise"))
        return {
            "ct": self.out(image),
            "mask": self.out(canvas.labels),
            "lesion": self.out(lesion),
            "lesions": table,
            "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": int(bool(table)),
        }

    def _holes(self, canvas: Canvas, name: tuple[int | str, ...], axes: Axes, f: dict[str, float]) -> None:
        """Paint bubbles, grains and the crack."""
        x, y, z = grid(axes)
        c, s = np.float32(np.cos(f["crack_angle"])), np.float32(np.sin(f["crack_angle"]))
        sheet = c * x + s * y - np.float32(f["crack_offset"])
        sheet = sheet + np.float32(0.18) * Lattice((*name, "crack"), 0.8, 4.0).on(axes)
        inside = cylinder((x, y, z), (f["x"], f["y"]), f["sample"] * 0.9)
        crack = np.maximum(np.abs(sheet) - np.float32(f["crack_width"] / 2), inside)
        canvas.paint(crack, _AIR, LABELS["crack"])
        places, radii, grains = packed(name, f)
        for (px, py, pz), radius, grain in zip(places, radii, grains, strict=True):
            box = tuple(
                slice(*np.searchsorted(axis, (p - radius - self.spacing, p + radius + self.spacing)))
                for axis, p in zip(axes, (px, py, pz), strict=True)
            )
            if any(part.start == part.stop for part in box):
                continue
            ball = np.sqrt((x[box[0]] - px) ** 2 + (y[:, box[1]] - py) ** 2 + (z[:, :, box[2]] - pz) ** 2) - radius
            value, label = (f["density"] + 1400, "grain") if grain else (_AIR, "bubble")
            canvas.paint(ball.astype(np.float32), value, LABELS[label], box)


def drawn(name: tuple[int | str, ...]) -> dict[str, float]:
    """Draw what varies between samples; lengths in mm."""
    return {
        "radius": about((*name, "radius"), 0.19, 0.03),
        "spread": between((*name, "spread"), 0.25, 0.45),
        "sample": about((*name, "sample"), 1.8, 0.06),
        "density": between((*name, "density"), 500, 1500),
        "texture": between((*name, "texture"), 20, 60),
        "x": about((*name, "x"), 0, 0.06),
        "y": about((*name, "y"), 0, 0.06),
        "gap": between((*name, "gap"), 0.03, 0.08),
        "grains": between((*name, "grains"), 0.02, 0.12),
        "crack_angle": between((*name, "crack angle"), 0, np.pi),
        "crack_offset": about((*name, "crack offset"), 0, 0.5),
        "crack_width": between((*name, "crack width"), 0.05, 0.14),
    }


def packed(name: tuple[int | str, ...], f: dict[str, float], tries: int = 1200) -> tuple[Array, Array, Array]:
    """Pack balls without touching, large ones first: places (N, 3) and radii in mm, and which are grains."""
    random = stream(*name, "bubbles")
    radii = np.sort((f["radius"] * np.exp(f["spread"] * random.standard_normal(tries))).clip(0.08, 0.5))[::-1]
    away = (f["sample"] - 0.08 - radii) * np.sqrt(random.uniform(size=tries))
    angle = 2 * np.pi * random.uniform(size=tries)
    places = np.stack(
        [f["x"] + away * np.cos(angle), f["y"] + away * np.sin(angle), random.uniform(-2.6, 2.6, tries)], 1
    )
    kept = np.zeros(tries, bool)
    for k in range(tries):
        near = kept[:k]
        gaps = np.linalg.norm(places[:k][near] - places[k], axis=1) - radii[:k][near] - radii[k]
        kept[k] = not gaps.size or gaps.min() > f["gap"]
    return places[kept], radii[kept], random.uniform(size=tries)[kept] < f["grains"]
