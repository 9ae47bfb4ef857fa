"""Many small bodies at once: placed without overlap, drawn with borders, numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.sheet import Sheet

Array = NDArray[Any]
KINDS = {"epithelial": 1, "tumour": 2, "lymphocyte": 3, "fibroblast": 4, "endothelial": 5}
# half axes in um, spread of size (of its logarithm), irregularity, chromatin texture, haematoxylin
LAWS: dict[int, tuple[float, float, float, float, float, float]] = {
    1: (4.6, 2.8, 0.10, 0.05, 0.16, 0.95), 2: (5.6, 4.4, 0.16, 0.10, 0.30, 1.05), 3: (3.3, 3.0, 0.06, 0.04, 0.14, 1.35),
    4: (6.3, 1.6, 0.12, 0.05, 0.10, 0.85), 5: (5.0, 1.5, 0.10, 0.04, 0.10, 0.85),
}  # fmt: skip


@dataclass
class Nuclei:
    """Ellipses with uneven borders: places and half axes (N, 2) in um, angles, kinds (KINDS), amounts of stain."""

    places: Array
    axes: Array
    angles: Array
    kinds: Array
    bumps: Array
    stains: Array

    @classmethod
    def of(
        cls, random: np.random.Generator, places: Array, angles: Array, kind: int, size: float, uneven: float
    ) -> "Nuclei":
        """Nuclei of one kind, sizes and shapes drawn by its law, `size` times as large and `uneven` times as odd."""
        n = len(places)
        a, b, spread, odd, _, stain = LAWS[kind]
        grown = size * np.exp(spread * uneven * random.standard_normal((n, 1)).clip(-2, 2))
        axes = np.array([a, b]) * grown * np.exp(0.08 * random.standard_normal((n, 2)).clip(-2, 2))
        waves = random.standard_normal((n, 3, 2)) * odd * uneven / np.array([2, 3, 4])[:, None] * 1.4
        stains = stain * (1 + 0.13 * random.standard_normal(n).clip(-2, 2))
        return cls(places, axes, angles, np.full(n, kind), waves, stains)

    @classmethod
    def together(cls, parts: Sequence["Nuclei"]) -> "Nuclei":
        """All of several sets, without those that overlap an earlier one."""
        whole = cls(*(np.concatenate([getattr(p, k) for p in parts]) for k in cls.__dataclass_fields__))
        return whole.chosen(apart(whole.places, np.sqrt(whole.axes.prod(1))))

    def chosen(self, which: Array) -> "Nuclei":
        """Some of them."""
        return Nuclei(*(getattr(self, k)[which] for k in self.__dataclass_fields__))


def apart(places: Array, radii: Array, share: float = 0.85) -> NDArray[np.bool_]:
    """Which bodies stay if each leaves when it overlaps one that comes before it."""
    from scipy.spatial import cKDTree

    keep = np.ones(len(places), bool)
    if len(places) < 2:
        return keep
    pairs = cKDTree(places).query_pairs(2 * float(radii.max()), output_type="ndarray")
    close = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1) < share * radii[pairs].sum(1)
    pairs = pairs[close]
    for one, two in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if keep[one] and keep[two]:
            keep[two] = False
    return keep


def scattered(random: np.random.Generator, half: float, density: float, jitter: float = 0.3) -> Array:
    """Places (N, 2) in [-half, half]^2 at about `density` per unit area, on a jittered hexagonal lattice."""
    step = np.sqrt(2 / (np.sqrt(3) * density))
    n = int(np.ceil(half / step)) + 1
    i, j = np.meshgrid(np.arange(-n, n + 1), np.arange(-int(1.2 * n), int(1.2 * n) + 1))
    places = np.stack([step * (i + 0.5 * (j % 2)), step * np.sqrt(3) / 2 * j], -1).reshape(-1, 2)
    places = places + jitter * step * random.uniform(-1, 1, places.shape)
    found: Array = places[(np.abs(places) < half).all(1)]
    return found


def draw(s: Sheet, nuclei: Nuclei) -> tuple[Array, NDArray[np.int16], Array]:
    """Distance (um) to the nearest border, which nucleus is there (from 1, 0 none), and how far out (1 the border).

    Drawn in patches, nearest on top; beyond the patches the distance is 99.
    """
    size = s.size
    distance = np.full((size, size), 99.0, np.float32)
    which = np.zeros((size, size), np.int16)
    reach = int(np.ceil((1.35 * nuclei.axes.max() + 1.5) / s.spacing)) if len(nuclei.places) else 0
    middle = np.round((nuclei.places - s.axis[0]) / s.spacing).astype(int)
    seen = ((middle > -reach) & (middle < size + reach)).all(1)
    numbers = np.flatnonzero(seen) + 1
    nuclei, middle = nuclei.chosen(seen), middle[seen]
    steps = np.arange(-reach, reach + 1)
    columns, rows = middle[:, 0, None] + steps, middle[:, 1, None] + steps
    x = (columns * s.spacing + s.axis[0] - nuclei.places[:, :1]).astype(np.float32)[:, None, :]
    y = (rows * s.spacing + s.axis[0] - nuclei.places[:, 1:]).astype(np.float32)[:, :, None]
    c, n = (f(nuclei.angles).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    a, b = (nuclei.axes[:, k].astype(np.float32)[:, None, None] for k in (0, 1))
    u, v = (c * x + n * y) / a, (c * y - n * x) / b
    far = np.hypot(u, v) + np.float32(1e-6)
    cosine, sine = u / far, v / far
    wave, real, imaginary = np.ones_like(far), cosine, sine
    for k in range(3):
        real, imaginary = real * cosine - imaginary * sine, real * sine + imaginary * cosine
        p, q = (nuclei.bumps[:, k, m].astype(np.float32)[:, None, None] for m in (0, 1))
        wave += p * real + q * imaginary
    level = far / np.clip(wave, 0.5, 1.6)
    slope = np.hypot(u / a, v / b) / far + np.float32(1e-6)
    signed = (level - 1) / slope
    where = np.broadcast_arrays(rows[:, :, None], columns[:, None, :], numbers[:, None, None])
    rows_, columns_, numbers_ = (w.reshape(-1) for w in where)
    flat = signed.reshape(-1)
    fits = (rows_ >= 0) & (rows_ < size) & (columns_ >= 0) & (columns_ < size) & (flat < 1.5)
    order = np.argsort(-flat[fits], kind="stable")
    places = (rows_[fits] * size + columns_[fits])[order]
    distance.reshape(-1)[places] = flat[fits][order]
    which.reshape(-1)[places] = numbers_[fits][order]
    out = np.ones((size, size), np.float32)
    out.reshape(-1)[places] = level.reshape(-1)[fits][order]
    which[distance > 0] = 0
    return distance, which, out
