"""Electron microscopy of brain tissue: cells packed without a gap, their membranes and organelles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.nuclei import scattered
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet, ellipse, inside
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"cell": 1, "membrane": 2, "mitochondrion": 3}
FACTORS = (
    "density", "stretch", "angle", "thickness", "tone", "spread", "membrane", "mitochondria", "vesicles", "grain",
    "focus",
)  # fmt: skip
_SCOPES = {"a": (0.055, 6.0, 0.0), "b": (0.09, 11.0, 0.10)}


class EM(Phantom):
    """Electron micrograph of neuropil (0 to 1, membranes dark), `width` nm wide (1024, 4 nm a pixel at 256).

    Cells are the regions nearest to seeds in warped, stretched coordinates. `label` is 1 where the section is oblique
    (thick, blurred membranes). Words: `image`, `membrane` (0 or 1), `mask` (LABELS), `instances` (cells, 0 on
    membranes), `factors`, `label`. `domain` is the microscope.
    """

    words = ("image", "membrane", "mask", "instances", "factors", "label")
    units = {
        "image": "relative", "membrane": "labels", "mask": "labels", "instances": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("straight", "oblique")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        width: float = 1024.0,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        if domain not in _SCOPES:
            raise ValueError(f"there is no microscope '{domain}'; there are {', '.join(_SCOPES)}")
        super().__init__(size, dims, 1e-6 * width / size, seed)
        self.width, self.domain, self.noise = width, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Sections only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one section."""
        from scipy.spatial import cKDTree

        name = self.named(subject)
        s = Sheet(name, self.size, 1e6 * self.spacing, 0.62 * self.width)
        oblique = int(s.between("oblique", 0, 1) < 0.3)
        f = {
            "density": 1 / s.about("pitch", 185, 16) ** 2, "stretch": s.between("stretch", 1.1, 1.7),
            "angle": s.between("angle", 0, np.pi), "thickness": (10.0, 15.0)[oblique] * s.about("thickness", 1, 0.1),
            "tone": s.about("tone", 0.60, 0.03), "spread": s.about("spread", 0.055, 0.01),
            "membrane": s.about("membrane", 0.34, 0.04), "mitochondria": s.between("mitochondria", 0.3, 1),
            "vesicles": s.between("vesicles", 0, 1), "grain": s.about("grain", 1, 0.15),
            "focus": s.between("focus", 3, 6),
        }  # fmt: skip
        x, y = s.x + 60 * s.field("bend x", 260.0), s.y + 60 * s.field("bend y", 260.0)
        x, y = x + 16 * s.field("wave x", 80.0), y + 16 * s.field("wave y", 80.0)
        c, n = np.float32(np.cos(f["angle"])), np.float32(np.sin(f["angle"]))
        u, v = (c * x + n * y) / f["stretch"] ** 0.5, (c * y - n * x) * f["stretch"] ** 0.5
        seeds = scattered(s.random("seeds"), 1.15 * self.width, f["density"], 0.48)
        far, which = cKDTree(seeds).query(np.stack([u, v], -1).reshape(-1, 2), 2)
        far, which = far.reshape(*s.x.shape, 2), which.reshape(*s.x.shape, 2)
        apart = np.linalg.norm(seeds[which[..., 1]] - seeds[which[..., 0]], axis=-1)
        border = (np.square(far[..., 1]) - np.square(far[..., 0])) / (2 * np.maximum(apart, 1e-3))
        cell = which[..., 0]
        membrane = border < max(f["thickness"], 0.5 * s.spacing)
        image, mitochondria = self._inside(s, f, cell, border, seeds, (u, v))
        mask = np.where(mitochondria & ~membrane, LABELS["mitochondrion"], LABELS["cell"])
        mask[membrane] = LABELS["membrane"]
        _, numbers = np.unique(cell, return_inverse=True)
        return {
            "image": image[None], "membrane": membrane[None].astype(np.int16), "mask": mask[None].astype(np.int16),
            "instances": ((numbers.reshape(cell.shape) + 1) * ~membrane)[None].astype(np.int16),
            "factors": np.array([f[k] for k in FACTORS], np.float32), "label": oblique,
        }  # fmt: skip

    def _inside(
        self, s: Sheet, f: dict[str, float], cell: Array, border: Array, seeds: Array, at: tuple[Array, Array]
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Grey values, and where mitochondria lie."""
        from scipy.ndimage import gaussian_filter

        draws = s.random("cells").uniform(size=(len(seeds), 6)).astype(np.float32)
        tone = f["tone"] + f["spread"] * 3.4 * (draws[cell, 0] - 0.5)
        image = tone + 0.035 * f["grain"] * s.field("plasma", 22.0) + 0.03 * s.field("fine", 9.0)
        dots = np.clip(s.field("vesicles", 13.0) - 0.9, 0, 1) * (draws[cell, 1] < 0.35 * f["vesicles"])
        image = image - 0.22 * dots
        found = np.zeros(s.x.shape, bool)
        has = np.flatnonzero(draws[:, 2] < 0.45 * f["mitochondria"])
        here = np.intersect1d(has, np.unique(cell))
        for k in here:
            box = np.ix_(*(np.unique(i) for i in np.nonzero(cell == k)))
            u, v = at[0][box] - seeds[k, 0], at[1][box] - seeds[k, 1]
            shape = ellipse(u, v, (34 + 26 * draws[k, 3], 20 + 10 * draws[k, 4]), float(np.pi * draws[k, 5]))
            shape = np.maximum(shape + 4 * s.field("organelles", 40.0)[box], 22 - border[box])
            share = inside(shape, max(5.0, s.spacing)) * (cell[box] == k)
            cristae = 0.5 + 0.5 * np.sin((u + 0.5 * v) / 4.2 + 1.5 * s.field("cristae", 30.0)[box])
            dark = 0.40 + 0.10 * cristae - 0.12 * np.exp(-np.square((shape + 4) / 4))
            image[box] += share * (dark - image[box])
            found[box] |= share > 0.5
        wall = np.exp(-np.square(border / f["thickness"]))
        image = image + wall * (f["membrane"] - 0.04 - image) * (0.9 + 0.2 * s.field("stain", 60.0)).clip(0.3, 1.1)
        noise, blur, fog = _SCOPES[self.domain]
        image = gaussian_filter(image, (blur + f["focus"]) / 2.355 / s.spacing) * (1 - fog) + fog
        white = stream(*s.name, "detector").standard_normal(image.shape, np.float32)
        return np.clip(image + np.float32(noise * self.noise) * white, 0, 1).astype(np.float32), found
