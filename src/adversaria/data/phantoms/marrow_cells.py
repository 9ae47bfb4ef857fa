"""Stained bone-marrow cells: one a picture, or a field of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet, beer_lambert, ellipse, inside
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"cytoplasm": 1, "nucleus": 2, "red cell": 3}
KINDS = ("granulocyte precursor", "erythroid", "lymphocyte", "other")
FACTORS = (
    "radius", "ratio", "lobes", "blue", "pink", "granules", "chromatin", "nucleus", "offset", "angle", "elongation",
    "red_cells", "ground", "stain", "x", "y",
)  # fmt: skip
_STAINS = {
    "nucleus": (0.55, 0.95, 0.32),
    "blue": (0.50, 0.36, 0.10),
    "pink": (0.10, 0.34, 0.26),
    "red": (0.10, 0.42, 0.40),
    "granule": (0.32, 0.75, 0.30),
}
# radius in um, nucleus/cytoplasm ratio, lobes, blueness, pinkness, granules, coarse chromatin: (mean, spread)
_LAWS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((7.6, 0.8), (0.66, 0.06), (2.6, 1.0), (0.30, 0.12), (0.45, 0.12), (0.7, 0.2), (0.5, 0.15)),
    ((5.6, 0.7), (0.58, 0.09), (1.0, 0.1), (0.55, 0.2), (0.35, 0.2), (0.0, 0.05), (1.0, 0.2)),
    ((5.4, 0.6), (0.84, 0.05), (1.0, 0.2), (0.50, 0.12), (0.05, 0.05), (0.05, 0.05), (0.8, 0.15)),
    ((8.4, 1.0), (0.62, 0.08), (1.4, 0.4), (0.45, 0.15), (0.15, 0.1), (0.1, 0.1), (0.35, 0.12)),
)


class MarrowCells(Phantom):
    """Bone-marrow cells after a Romanowsky stain, colour in 0 to 1, 28 um a cell.

    Classes are granulocyte precursor, erythroid, lymphocyte, other, in `shares`; they differ in size, nucleus, colour
    and granules, and overlap. With `cells` > 1 a picture is a field of so many cells whose kinds are mixed by
    proportions of its own (the last word, `proportions`), and `label` is its commonest. Words: `image`, `mask`
    (LABELS), `instances` (nucleated cells), `factors` (of the first cell), `label`, `proportions`. `stain` b is
    another laboratory's.
    """

    words = ("image", "mask", "instances", "factors", "label", "proportions")
    units = {"image": "reflectance", "mask": "labels", "instances": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = KINDS

    def __init__(
        self,
        size: int = 64,
        dims: int = 2,
        cells: int = 1,
        shares: tuple[float, float, float, float] = (0.4, 0.25, 0.2, 0.15),
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        if cells < 1 or domain not in ("a", "b"):
            raise ValueError("a field has at least one cell, and its laboratory is a or b")
        self.side = int(np.ceil(np.sqrt(cells)))
        super().__init__(size, dims, 0.028 * self.side / size, seed)
        self.cells, self.shares, self.domain, self.noise = cells, tuple(shares), domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one picture; a cell has no healthy twin."""
        name = self.named(subject)
        s = Sheet(name, self.size, 1000 * self.spacing, 30.0 * self.side)
        mixed = stream(*name, "mix").dirichlet(6 * np.array(self.shares)) if self.cells > 1 else np.array(self.shares)
        u = stream(*name, "kinds").uniform(size=self.cells)
        kinds = np.searchsorted(np.cumsum(mixed) / mixed.sum(), u).clip(0, 3)
        scene = _Field(s)
        factors = [scene.cell(number, int(kind), self._place(s, number)) for number, kind in enumerate(kinds)]
        counts = np.bincount(kinds, minlength=4)
        return {
            "image": self._picture(scene),
            "mask": scene.mask[None],
            "instances": scene.instances[None],
            "factors": np.array([factors[0][k] for k in FACTORS], np.float32),
            "label": int(counts.argmax()),
            "proportions": (counts / counts.sum()).astype(np.float32),
        }

    def _place(self, s: Sheet, number: int) -> tuple[float, float]:
        row, column = divmod(number, self.side)
        middle = (self.side - 1) / 2
        jitter = [s.about(f"place {number} {k}", 0, 1.3 if self.cells == 1 else 3.0) for k in range(2)]
        return 28 * (column - middle) + jitter[0], 28 * (row - middle) + jitter[1]

    def _picture(self, scene: "_Field") -> Array:
        from scipy.ndimage import gaussian_filter

        vectors = dict(_STAINS)
        tint = stream(*scene.s.name, "tint").standard_normal(3)
        white = np.clip(np.array([0.93, 0.89, 0.90]) + 0.015 * tint, 0, 1)
        if self.domain == "b":
            vectors |= {"nucleus": (0.72, 0.86, 0.24), "pink": (0.06, 0.42, 0.18)}
            white = np.clip(np.array([0.97, 0.93, 0.84]) + 0.015 * tint, 0, 1)
        colour = beer_lambert(scene.stained, vectors, white)
        colour = gaussian_filter(colour, (0, *(2 * [0.22 / scene.s.spacing])))
        return camera(colour, stream(*scene.s.name, "camera"), 4e-4 * self.noise, 0.008 * self.noise)


class _Field:
    """Stain densities of a picture, cell after cell (um)."""

    def __init__(self, s: Sheet):
        self.s = s
        self.f = {
            "red_cells": s.between("red cells", 0.2, 1), "ground": s.between("ground", 0.02, 0.12),
            "stain": s.about("stain", 1, 0.12),
        }  # fmt: skip
        self.stained = {k: np.zeros_like(s.x) for k in _STAINS}
        self.stained["pink"] += np.float32(self.f["ground"]) * (1 + 0.25 * s.field("ground", 9.0))
        self.mask = np.zeros(s.x.shape, np.int16)
        self.instances = np.zeros(s.x.shape, np.int16)
        self._red_cells()

    def _red_cells(self) -> None:
        s = self.s
        half = s.size * s.spacing / 2 + 4
        count = int(self.f["red_cells"] * 9 * (half / 18) ** 2)
        places = s.random("red places").uniform(-half, half, (400, 2))[:count]
        for number, (x, y) in enumerate(places):
            radius = s.about(f"red {number}", 3.7, 0.3)
            at = ellipse(s.x - x, s.y - y, (radius, radius * s.between(f"red shape {number}", 0.85, 1.1)))
            share = inside(at, max(0.35, s.spacing))
            pallor = 1 - 0.55 * np.exp(-np.square((at + radius) / (0.45 * radius)))
            self.stained["red"] = np.maximum(self.stained["red"], 0.75 * share * pallor)
            self.mask[share > 0.5] = LABELS["red cell"]

    def cell(self, number: int, kind: int, place: tuple[float, float]) -> dict[str, float]:
        """Draw one nucleated cell."""
        s, (px, py) = self.s, place
        law = [s.about(f"cell {number} {k}", *law) for k, law in enumerate(_LAWS[kind])]
        f = {
            "radius": law[0], "ratio": float(np.clip(law[1], 0.35, 0.92)), "lobes": float(np.clip(law[2], 1, 4.4)),
            "blue": max(law[3], 0.03), "pink": max(law[4], 0.02), "granules": max(law[5], 0.0),
            "chromatin": max(law[6], 0.1), "nucleus": s.about(f"nucleus {number}", 1, 0.1),
            "offset": s.between(f"offset {number}", 0, 0.8), "angle": s.between(f"angle {number}", 0, 2 * np.pi),
            "elongation": s.about(f"long {number}", 1, 0.06), "x": px, "y": py, **self.f,
        }  # fmt: skip
        reach = f["radius"] + 3
        box = tuple(slice(*np.searchsorted(s.axis, (c - reach, c + reach))) for c in (py, px))
        x, y = s.x[box] - px, s.y[box] - py
        wave = 0.5 * s.field(f"outline {number}", 5.0)[box]
        body = ellipse(x, y, (f["radius"] * f["elongation"], f["radius"] / f["elongation"]), f["angle"]) + wave
        core = self._nucleus(f, x, y) + 0.25 * wave
        share = inside(body, max(0.4, s.spacing))
        kernel = inside(core, max(0.4, s.spacing)) * share
        spots = s.field("granules", 0.9)[box]
        chromatin = 1 + 0.28 * f["chromatin"] * s.field("chromatin", 1.3)[box] + 0.10 * s.field("fine", 0.7)[box]
        stain = np.float32(f["stain"])
        plasma = share * (1 - kernel)
        texture = 1 + 0.12 * s.field("plasma", 1.8)[box]
        rim = 0.92 + 0.25 * np.exp(-np.square(core / 0.5))
        border = 1 + 0.3 * inside(-body - 1.2, 1.5)
        for what, density in {
            "red": 0 * share,
            "pink": plasma * f["pink"] * texture,
            "blue": plasma * f["blue"] * texture * border,
            "granule": plasma * f["granules"] * 0.9 * np.clip(spots - 0.7, 0, 1),
            "nucleus": kernel * f["nucleus"] * np.clip(chromatin, 0.3, None) * rim,
        }.items():
            part = self.stained[what][box]
            part += share * (stain * density - part)
        self.mask[box][share > 0.5] = LABELS["cytoplasm"]
        self.mask[box][kernel > 0.5] = LABELS["nucleus"]
        self.instances[box][share > 0.5] = number + 1
        return f

    @staticmethod
    def _nucleus(f: dict[str, float], x: Array, y: Array) -> Array:
        """Distance to a nucleus of one to four lobes along an arc."""
        lobes = round(f["lobes"])
        whole = f["radius"] * np.sqrt(f["ratio"])
        size = whole * (1.0 if lobes == 1 else 0.72 if lobes == 2 else 0.58)
        slack = max(f["radius"] - whole, 0) * f["offset"]
        found = np.full_like(x, 1e3)
        for k in range(lobes):
            turn = f["angle"] + (0 if lobes == 1 else (k - (lobes - 1) / 2) * 1.25)
            out = slack if lobes == 1 else min(0.62 * whole, f["radius"] - size)
            found = np.minimum(found, np.hypot(x - out * np.cos(turn), y - out * np.sin(turn)) - size)
        return found
