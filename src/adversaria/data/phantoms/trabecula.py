"""Cancellous bone as a micro-CT shows it: a network of struts inside a shell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Lattice, about, between, grid
from adversaria.data.phantoms.inclusion import included
from adversaria.data.phantoms.noise import reconstructed
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import Canvas, cylinder
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"marrow": 1, "trabecula": 2, "cortex": 3}
FACTORS = (
    "radius", "depth", "x", "y", "rotation", "cortex", "thickness", "spacing", "stretch", "mineral", "texture", "fat",
)  # fmt: skip


class Trabecula(Phantom):
    """A piece of tibia of about 7 mm in HU: trabeculae where a field is near zero, in a cortical ring and marrow.

    The field has structure of about 0.4 mm, stretched along a direction of load. The share `prevalence` has an
    osteolytic spot, in which the struts are dissolved (`contrast` 1: wholly). Words: `ct`, `mask` (LABELS), `lesion`,
    `lesions`, `factors`, `label` (0 healthy, 1 lytic). A 2D case is the volume's middle slice. `noise` is in HU.
    """

    words = ("ct", "mask", "lesion", "lesions", "factors", "label")
    units = {"ct": "HU", "mask": "labels", "lesion": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("healthy", "lytic")

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
        super().__init__(size, dims, spacing or 8.0 / size, seed, prevalence, healthy)
        self.contrast, self.noise = contrast, noise

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one piece, or its twin without the lesion."""
        name = self.named(subject)
        axes, f = self.axes(), drawn(name)
        x, y, z = grid(axes)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, 20.0)
        canvas.image += 15 * Lattice((*name, "muscle"), 0.9, 8.0).on(axes)
        c, s = np.float32(np.cos(f["rotation"])), np.float32(np.sin(f["rotation"]))
        turned = (c * (x - f["x"]) + s * (y - f["y"]), c * (y - f["y"]) - s * (x - f["x"]), z)
        ring = cylinder(turned, (0.0, 0.0), f["radius"], f["radius"] * f["depth"])
        ring = ring + np.float32(0.12) * Lattice((*name, "rim"), 1.6, 8.0).on(axes)
        grain = 1 + np.float32(f["texture"]) * Lattice((*name, "grain"), 0.3, 8.0).on(axes)
        canvas.paint(ring, (f["mineral"] + 250) * grain, LABELS["cortex"])
        inner = ring + np.float32(f["cortex"])
        canvas.paint(inner, f["fat"], LABELS["marrow"])
        marrow = canvas.image.copy()
        stretched = (axes[0] / np.float32(f["stretch"]), axes[1], axes[2])
        field, slopes = Lattice((*name, "struts"), f["spacing"], 12.0).with_slopes(stretched)
        slopes[0] /= np.float32(f["stretch"])
        steep = np.sqrt(np.square(slopes).sum(0)) + np.float32(0.35 / f["spacing"])
        struts = np.maximum(np.abs(field) / steep - np.float32(f["thickness"] / 2), inner)
        canvas.paint(struts, f["mineral"] * grain, LABELS["trabecula"])
        lesion: NDArray[Any] = np.zeros_like(canvas.labels)
        table: list[dict[str, Any]] = []
        if self.sick(subject, healthy):
            change = np.float32(self.contrast) * (marrow - canvas.image)
            where = {"reach": 0.5 * f["radius"], "diameters": (1.0, 2.0), "change": change}
            lesion, table = included(canvas, name, axes, (x, y, z), "lytic", **where, middle=(f["x"], f["y"]))  # type: ignore[arg-type]
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


def drawn(name: tuple[int | str, ...]) -> dict[str, float]:
    """Draw what varies between pieces; lengths in mm."""
    return {
        "radius": about((*name, "radius"), 3.3, 0.15),
        "depth": about((*name, "depth"), 0.92, 0.05),
        "x": about((*name, "x"), 0, 0.12),
        "y": about((*name, "y"), 0, 0.12),
        "rotation": between((*name, "rotation"), -0.6, 0.6),
        "cortex": between((*name, "cortex"), 0.3, 0.7),
        "thickness": about((*name, "thickness"), 0.16, 0.02),
        "spacing": about((*name, "spacing"), 0.38, 0.03),
        "stretch": between((*name, "stretch"), 1.0, 1.6),
        "mineral": about((*name, "mineral"), 1150, 100),
        "texture": between((*name, "texture"), 0.02, 0.06),
        "fat": about((*name, "fat"), -60, 20),
    }
