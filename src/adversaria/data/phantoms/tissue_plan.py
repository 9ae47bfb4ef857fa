"""Where glands, nests, fibres and cells of a piece of tissue lie (um), whatever the grid."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.nuclei import KINDS, Nuclei, apart, scattered
from adversaria.data.phantoms.sheet import Sheet

Array = NDArray[Any]
TISSUES = ("gland", "tumour", "lymph node", "cervix")
FACTORS = (
    "grade", "angle", "gland_size", "lumen", "uneven", "nucleus_size", "cellularity", "lymphocytes", "collagen",
    "clefts", "haematoxylin", "eosin", "thickness", "vessel",
)  # fmt: skip


class Plan:
    """One subject's tissue: `glands` (rows of x, y, radius, elongation, angle, lumen), and its nuclei."""

    def __init__(self, name: tuple[int | str, ...], tissue: str, grade: int, width: float):
        self.s = Sheet(name, 96, width * 1.2 / 96, 0.62 * width)
        self.tissue, self.grade, self.half = tissue, grade, 0.6 * width
        s = self.s
        self.f = {
            "grade": grade + s.between("within grade", -0.4, 0.4), "angle": s.between("angle", 0, np.pi),
            "gland_size": s.about("gland size", 29 - 2 * grade, 2.5),
            "lumen": float(np.clip(s.about("lumen", 0.46 - 0.12 * grade, 0.07), 0.1, 0.65)),
            "uneven": (0.8, 1.2, 1.7)[grade] * s.about("uneven", 1, 0.12),
            "nucleus_size": (1 + 0.11 * grade) * s.about("nucleus size", 1, 0.05),
            "cellularity": s.about("cellularity", 1, 0.1), "lymphocytes": s.between("lymphocytes", 0.0008, 0.005),
            "collagen": s.about("collagen", 1, 0.15), "clefts": s.about("clefts", 1.25, 0.15),
            "haematoxylin": s.about("haematoxylin", 1, 0.10), "eosin": s.about("eosin", 1, 0.11),
            "thickness": s.about("thickness", 1, 0.05), "vessel": s.between("vessel", 0, 1),
        }  # fmt: skip
        self.glands = self._glands() if tissue == "gland" else np.zeros((0, 6))
        self.waves = s.random("outlines").standard_normal((max(len(self.glands), 1), 4, 2))
        spots = s.random("vessel at").uniform(-0.8 * self.half, 0.8 * self.half, (30, 2))
        free = np.hypot(*(spots[:, None] - self.glands[None, :, :2]).T) - 1.15 * self.glands[:, 2, None]
        best = int(free.min(0).argmax()) if len(self.glands) else 0
        self.vessel = (*spots[best], 7 + 6 * self.f["vessel"])
        self.near = self.outside(self.s.x, self.s.y)[0]
        self.nuclei = self._nuclei()

    def _glands(self) -> Array:
        """Centres that keep their distance; a high grade crowds and fuses them."""
        s, f = self.s, self.f
        random = s.random("glands")
        reach = self.half + 25
        places = random.uniform(-reach, reach, (160, 2))
        radii = f["gland_size"] * np.exp(0.14 * random.standard_normal(160).clip(-2, 2))
        keep = apart(places, radii, (1.16, 1.06, 0.92)[self.grade])
        n = int(keep.sum())
        rest = np.stack(
            [np.exp(0.14 * random.standard_normal(n)), random.uniform(0, np.pi, n),
             f["lumen"] * (1 + 0.2 * random.standard_normal(n).clip(-2, 2))], 1,
        )  # fmt: skip
        return np.concatenate([places[keep], radii[keep, None], rest], 1)

    def polar(self, k: int, x: Array, y: Array) -> tuple[Array, Array]:
        """Distance from the middle of gland k, and the gland's radius in that direction (um)."""
        gx, gy, radius, long, angle, _ = self.glands[k]
        c, n = np.cos(angle), np.sin(angle)
        u, v = (c * (x - gx) + n * (y - gy)) / long, (c * (y - gy) - n * (x - gx)) * long
        far = np.hypot(u, v) + 1e-6
        way = (u + 1j * v) / far
        a, b = self.waves[k, :, 0], self.waves[k, :, 1]
        wave = np.zeros_like(way)
        for m in (3, 2, 1, 0):
            wave = (wave + (a[m] - 1j * b[m])) * way
        size = (0.04, 0.09, 0.15)[self.grade]
        return far, radius * (1 + size / 2 * (wave * way).real)

    def outside(self, x: Array, y: Array) -> tuple[Array, Array, Array]:
        """Distance to the nearest gland's border, which gland (from 0), and its lumen's radius there."""
        best, which, lumen = np.full(x.shape, 99.0, np.float32), np.zeros(x.shape, np.int16), np.zeros_like(x)
        for k, row in enumerate(self.glands):
            near = np.hypot(x - row[0], y - row[1]) < 2.1 * row[2]
            if not near.any():
                continue
            far, radius = self.polar(k, x[near], y[near])
            better = far - radius < best[near]
            for array, value in ((best, far - radius), (which, k), (lumen, far - row[5] * radius)):
                array[near] = np.where(better, value, array[near])
        return best, which, lumen

    def border(self, x: Array) -> Array:
        """Height of the membrane below a cervix's epithelium."""
        f = self.f
        return 0.25 * self.half + 10 * np.sin(x / 23 + 7 * f["vessel"]) + 5 * np.sin(x / 9.3 + 11 * f["angle"])

    def sampled(self, field: Array, places: Array) -> Array:
        """Values of a field of the plan's sheet at places."""
        cells = np.clip(np.round((places - self.s.axis[0]) / self.s.spacing), 0, 95).astype(int)
        found: Array = field[cells[:, 1], cells[:, 0]]
        return found

    def nests(self, s: Sheet) -> Array:
        """Above 0 in nests of tumour."""
        return s.field("nests", 45.0) + 0.35 * s.field("edges", 15.0) + (0.1 + 0.25 * self.grade)

    def course(self, s: Sheet, gland: Array) -> Array:
        """A height (um) whose level lines are the fibres; they bend around glands."""
        c, n = np.cos(self.f["angle"]), np.sin(self.f["angle"])
        near = np.exp(-np.square(np.clip(gland, 0, None) / 12))
        free = c * s.x + n * s.y + 14 * s.field("course", 40.0)
        return free * (1 - near) + gland * near

    def _nuclei(self) -> Nuclei:
        s, f = self.s, self.f
        size, uneven = f["nucleus_size"], f["uneven"]
        parts: list[Nuclei] = []
        random = s.random("nuclei")
        x, y, radius = self.vessel
        if self.tissue in ("gland", "tumour"):
            round_ = np.linspace(0, 2 * np.pi, 6)[:-1] + f["vessel"] + random.uniform(-0.45, 0.45, 5)
            places = np.stack([x + radius * np.cos(round_), y + radius * np.sin(round_)], 1)
            parts.append(Nuclei.of(random, places, round_ + np.pi / 2, KINDS["endothelial"], 1.0, 1.0))
        for k in range(len(self.glands)):
            parts.append(self._lining(k, size, uneven))
        if self.tissue != "gland":
            density = {"tumour": 0.0095, "lymph node": 0.0145, "cervix": 0.009}[self.tissue]
            places = scattered(random, self.half, density * f["cellularity"])
            kind = (
                "lymphocyte" if self.tissue == "lymph node" else "tumour" if self.tissue == "tumour" else "epithelial"
            )
            angles = random.uniform(0, np.pi, len(places))
            inside = self._hosts(places, random)
            grown = size * (1.0 if kind != "epithelial" else 0.95)
            parts.append(Nuclei.of(random, places[inside], angles[inside], KINDS[kind], grown, uneven))
        parts.append(self._strays(random, "lymphocyte", f["lymphocytes"]))
        parts.append(self._strays(random, "fibroblast", 0.0035))
        return Nuclei.together(parts)

    def _hosts(self, places: Array, random: np.random.Generator) -> Array:
        """Which places are inside nests, nodes or epithelium."""
        if self.tissue == "tumour":
            return self.sampled(self.nests(self.s), places) > 0.12
        if self.tissue == "lymph node":
            return self.sampled(self.s.field("sinus", 30.0), places) < 1.3
        depth = self.border(places[:, 0]) - places[:, 1]
        thick = 20 + 45 * self.grade
        found: Array = (depth > 3) & (random.uniform(size=len(places)) < np.where(depth < thick, 1.0, 0.28))
        return found

    def _lining(self, k: int, size: float, uneven: float) -> Nuclei:
        """Rows of nuclei along a gland's border, pointing to its lumen."""
        random = self.s.random(f"lining {k}")
        gx, gy, radius, _, _, lumen = self.glands[k]
        rows = []
        for row in range(1 + self.grade):
            deep = (4.2 + 7.5 * row) * size
            count = int(2 * np.pi * (radius - deep) / (5.8 * size * self.f["cellularity"] ** -0.5) * (1, 0.8, 0.6)[row])
            if count > 3 and radius - deep > lumen * radius + 3:
                turn = 2 * np.pi * (np.arange(count) + 0.35 * random.uniform(-1, 1, count) + 0.5 * row) / count
                rows.append(np.stack([turn, deep + random.uniform(-1.0, 1.0 + 0.8 * self.grade, count)], 1))
        table = np.concatenate(rows) if rows else np.zeros((0, 2))
        c, n = np.cos(table[:, 0]), np.sin(table[:, 0])
        far, size_there = self.polar(k, gx + 0.6 * radius * c, gy + 0.6 * radius * n)
        out = 0.6 * radius * size_there / np.maximum(far, 1e-3) - table[:, 1]
        places = np.stack([gx + out * c, gy + out * n], 1)
        angles = table[:, 0] + 0.25 * (1 + 0.6 * self.grade) * random.standard_normal(len(table))
        found = Nuclei.of(random, places, angles, KINDS["epithelial"], size, uneven)
        others = self.outside(places[:, 0], places[:, 1]) if len(places) else (np.zeros(0),) * 3
        return found.chosen((others[1] == k) & (others[0] < -1.5))

    def _strays(self, random: np.random.Generator, kind: str, density: float) -> Nuclei:
        """Cells of the stroma, fibroblasts along its fibres."""
        places = scattered(random, self.half, density, 0.45)
        gland = self.near
        slopes = np.gradient(self.course(self.s, gland), self.s.spacing)
        way = np.arctan2(self.sampled(slopes[0], places), self.sampled(slopes[1], places)) + np.pi / 2
        angles = way + 0.2 * random.standard_normal(len(places)) if kind == "fibroblast" else way
        free = self.sampled(gland, places) > (3.0 if kind == "fibroblast" else 2.0)
        if self.tissue == "tumour":
            free &= self.sampled(self.nests(self.s), places) < 0.05
        if self.tissue == "cervix":
            free &= places[:, 1] > self.border(places[:, 0]) + 3
        if self.tissue == "lymph node":
            free &= self.sampled(self.s.field("sinus", 30.0), places) > 1.1
        x, y, radius = self.vessel
        free &= np.hypot(places[:, 0] - x, places[:, 1] - y) > radius + 2
        return Nuclei.of(random, places[free], angles[free], KINDS[kind], 1.0, 1.0)
