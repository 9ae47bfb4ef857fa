"""HEp-2 cells under fluorescence, in the patterns that antinuclear antibodies stain."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet, ellipse, inside
from adversaria.draws import stream

Array = NDArray[Any]

PATTERNS = ("homogeneous", "speckled", "nucleolar", "centromere", "nuclear membrane", "golgi")
FACTORS = (
    "radius", "elongation", "angle", "uneven", "brightness", "ground", "focus", "texture", "x", "y", "spots", "haze",
)  # fmt: skip
# photons at full brightness, read noise, offset, and blur (um) of two microscopes
_SCOPES = {"a": (240.0, 0.012, 0.02, 0.25), "b": (90.0, 0.022, 0.06, 0.55)}


class HEp2(Phantom):
    """HEp-2 cells in immunofluorescence (0 to 1), 20 um a cell: one a picture, or a field of `cells`.

    `label` is the pattern: homogeneous, speckled, nucleolar, centromere, nuclear membrane or golgi; a field has one,
    and one cell in nine of a field divides. `level` is 0 (intermediate) or 1 (positive). Words: `image`, `mask` (cell
    or not), `instances`, `level`, `factors` (of the first cell), `label`. `domain` is the microscope.
    """

    words = ("image", "mask", "instances", "level", "factors", "label")
    units = {"image": "reflectance", "mask": "labels", "instances": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = PATTERNS

    def __init__(
        self, size: int = 128, dims: int = 2, cells: int = 1, domain: str = "a", noise: float = 1.0, seed: int = 0
    ):
        if cells < 1 or domain not in _SCOPES:
            raise ValueError("a field has at least one cell, and its microscope is a or b")
        self.side = int(np.ceil(np.sqrt(cells)))
        super().__init__(size, dims, 0.020 * self.side / size, seed)
        self.cells, self.domain, self.noise = cells, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one picture."""
        name = self.named(subject)
        s = Sheet(name, self.size, 1000 * self.spacing, 13.0 * self.side)
        u = stream(*name, "kind").uniform(size=2)
        pattern, level = int(len(PATTERNS) * u[0]), int(u[1] < 0.5)
        glow = np.zeros_like(s.x)
        instances = np.zeros(s.x.shape, np.int16)
        first: dict[str, float] = {}
        for number in range(self.cells):
            f = self._cell(s, number, pattern, level, glow, instances)
            first = first or f
        return {
            "image": self._picture(s, glow, first)[None], "mask": (instances > 0)[None].astype(np.int16),
            "instances": instances[None], "level": level,
            "factors": np.array([first[k] for k in FACTORS], np.float32), "label": pattern,
        }  # fmt: skip

    def _cell(self, s: Sheet, n: int, pattern: int, level: int, glow: Array, instances: Array) -> dict[str, float]:
        row, column = divmod(n, self.side)
        middle = (self.side - 1) / 2
        f = {
            "radius": s.about(f"radius {n}", 6.6, 0.5), "elongation": s.about(f"long {n}", 1.1, 0.07),
            "angle": s.between(f"angle {n}", 0, np.pi), "uneven": s.between(f"uneven {n}", 0.1, 0.5),
            "brightness": (0.26, 0.62)[level] * s.about(f"bright {n}", 1, 0.12),
            "ground": s.between("ground", 0.02, 0.08),
            "focus": s.between("focus", 0.2, 0.6), "texture": s.about("texture", 1, 0.15),
            "x": 20 * (column - middle) + s.about(f"x {n}", 0, 0.7),
            "y": 20 * (row - middle) + s.about(f"y {n}", 0, 0.7),
            "spots": s.between("spots", 0, 1), "haze": s.between("haze", 0.04, 0.14),
        }  # fmt: skip
        x, y = s.x - np.float32(f["x"]), s.y - np.float32(f["y"])
        axes = (f["radius"] * f["elongation"], f["radius"] / f["elongation"])
        nucleus = ellipse(x, y, axes, f["angle"]) + f["uneven"] * s.field("outline", 5.0)
        share = inside(nucleus, max(0.5, s.spacing))
        divides = n > 0 and s.between(f"divides {n}", 0, 1) < 1 / 9
        stained = self._plate(s, x, y, f) if divides else self._pattern(s, n, pattern, nucleus, share, x, y, f)
        body = ellipse(x, y, (axes[0] + 2.2, axes[1] + 2.2), f["angle"]) + 0.8 * s.field("body", 6.0)
        dim = 0.10 * inside(body, 1.2) * (1 + 0.3 * s.field("plasma", 1.2))
        np.maximum(glow, f["brightness"] * np.maximum(stained, dim), out=glow)
        instances[share > 0.5] = n + 1
        return f

    def _pattern(
        self, s: Sheet, n: int, pattern: int, nucleus: Array, share: Array, x: Array, y: Array, f: dict[str, float]
    ) -> Array:
        """What a resting cell shows, about 1 where it is bright."""
        fine = s.field("chromatin", 1.4)
        nucleoli = self._spots(s, n, "nucleoli", 2 + int(4 * f["spots"]), (0.9, 1.7), 0.62, x, y, f)
        if PATTERNS[pattern] == "homogeneous":
            return share * (0.85 + 0.10 * f["texture"] * fine)
        if PATTERNS[pattern] == "speckled":
            coarse = 0.7 + 0.9 * f["spots"]
            grains = np.clip(s.field("speckles", coarse) - 0.2, 0, 2)
            return share * (0.35 + 0.42 * f["texture"] * grains) * (1 - 0.8 * nucleoli)
        if PATTERNS[pattern] == "nucleolar":
            return share * (0.20 + 0.04 * fine) + nucleoli * (0.85 + 0.1 * s.field("lumps", 0.8))
        if PATTERNS[pattern] == "centromere":
            count = 40 + int(20 * f["spots"])
            return share * 0.14 + 0.9 * self._spots(s, n, "centromeres", count, (0.28, 0.40), 0.9, x, y, f)
        if PATTERNS[pattern] == "nuclear membrane":
            rim = np.exp(-np.square((nucleus + 0.5) / 0.55))
            return share * (0.40 + 0.06 * fine) * 0.8 + 0.55 * rim
        turn = f["angle"] + 2 * np.pi * f["spots"]
        px, py = (f["radius"] + 0.6) * np.cos(turn), (f["radius"] + 0.6) * np.sin(turn)
        patch = np.exp(-np.square(np.hypot(x - px, y - py) / 2.6)) * np.clip(0.4 + 0.7 * s.field("stacks", 0.9), 0, 2)
        return 0.10 * share + 1.1 * patch

    @staticmethod
    def _spots(
        s: Sheet, n: int, what: str, count: int, sizes: tuple[float, float], reach: float, x: Array, y: Array,
        f: dict[str, float],
    ) -> Array:  # fmt: skip
        """Round spots within a share of the nucleus, each of height 1 at most."""
        random = s.random(f"{what} {n}")
        u = random.uniform(size=(count, 3))
        found = np.zeros_like(x)
        for far, turn, size in u:
            out, angle = reach * np.sqrt(far), 2 * np.pi * turn
            a, b = (
                out * f["radius"] * f["elongation"] * np.cos(angle),
                out * f["radius"] / f["elongation"] * np.sin(angle),
            )
            c, k = np.cos(f["angle"]), np.sin(f["angle"])
            px, py = c * a - k * b, k * a + c * b
            radius = sizes[0] + (sizes[1] - sizes[0]) * size
            box = tuple(
                slice(*np.searchsorted(s.axis, (m + p - radius - 1, m + p + radius + 1)))
                for m, p in ((f["y"], py), (f["x"], px))
            )
            part = inside(np.hypot(x[box] - px, y[box] - py) - radius, max(0.5 * radius, s.spacing))
            faint = min(1.0, np.pi * radius**2 / s.spacing**2)
            np.maximum(found[box], part * np.float32(faint), out=found[box])
        return found

    @staticmethod
    def _plate(s: Sheet, x: Array, y: Array, f: dict[str, float]) -> Array:
        """A plate of chromosomes."""
        plate = ellipse(x, y, (5.2, 1.5), f["angle"]) + 0.5 * s.field("plate", 1.6)
        return inside(plate, 0.8) * 1.1

    def _picture(self, s: Sheet, glow: Array, f: dict[str, float]) -> Array:
        from scipy.ndimage import gaussian_filter

        photons, read, offset, blur = _SCOPES[self.domain]
        seen = gaussian_filter(glow, (blur + 0.5 * f["focus"]) / s.spacing)
        seen = (
            seen
            + f["haze"] * gaussian_filter(glow, 4.0 / s.spacing) * 3
            + f["ground"] * (1 + 0.1 * s.field("ground", 8.0))
        )
        seen = np.clip(seen, 0, None) + offset
        white = stream(*s.name, "camera").standard_normal(seen.shape, np.float32)
        spread = np.sqrt(seen / photons + read**2) * np.float32(self.noise)
        return np.clip(seen + spread * white, 0, 1).astype(np.float32)
