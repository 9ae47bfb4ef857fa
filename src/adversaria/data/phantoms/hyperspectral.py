"""Unstained tissue in twenty bands of light, and the same section stained."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.histology import LABELS, LABS, Section, photograph, stains
from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet, inside
from adversaria.data.phantoms.tissue_plan import FACTORS, TISSUES, Plan
from adversaria.draws import stream

Array = NDArray[Any]

BANDS = np.linspace(400, 700, 20)
# centres (nm), widths and heights of what each component absorbs, besides its scatter
_PEAKS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "nucleus": ((400, 60, 0.09), (470, 90, 0.03)), "cytoplasm": ((420, 50, 0.05), (560, 120, 0.015)),
    "collagen": ((405, 30, 0.07), (640, 120, 0.012)),
    "red cell": ((415, 16, 0.55), (540, 14, 0.16), (576, 11, 0.17)),
}  # fmt: skip
_SCATTER = {"nucleus": 0.05, "cytoplasm": 0.03, "collagen": 0.045, "red cell": 0.04}


class Hyperspectral(Phantom):
    """Unstained tissue in 20 bands from 400 to 700 nm (`bands`, transmission 0 to 1), and its stained picture.

    Four components absorb and scatter little (optical densities of 0.02 to 0.15, red cells more); `image` is the same
    section stained with haematoxylin and eosin. How dark eosin stains the fibres follows a field that no band shows: no
    network can predict all of it. Words: `bands` (20, *S), `image`, `mask`, `nuclei`, `haematoxylin`, `eosin`,
    `factors`, `label` (grade). `domain` is the staining laboratory.
    """

    words = ("bands", "image", "mask", "nuclei", "haematoxylin", "eosin", "factors", "label")
    units = {
        "bands": "relative", "image": "reflectance", "mask": "labels", "nuclei": "labels", "haematoxylin": "density",
        "eosin": "density", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("grade 0", "grade 1", "grade 2")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        tissue: str = "gland",
        width: float = 160.0,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        if tissue not in TISSUES:
            raise ValueError(f"there is no tissue '{tissue}'; there are {', '.join(TISSUES)}")
        if domain not in LABS:
            raise ValueError(f"there is no laboratory '{domain}'; there are {', '.join(LABS)}")
        super().__init__(size, dims, 0.001 * width / size, seed)
        self.tissue, self.width, self.domain, self.noise = tissue, width, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one section."""
        name = (*self.named(subject), self.tissue)
        grade = int(3 * stream(*name, "grade").uniform())
        plan = Plan(name, self.tissue, grade, self.width)
        s = Sheet(name, self.size, 1000 * self.spacing, 0.62 * self.width)
        section = Section(plan, s)
        bands = self._bands(section)
        stroma = section.mask == LABELS["stroma"]
        section.stained[1] = section.stained[1] * np.where(
            stroma, np.clip(1 + 0.28 * s.field("affinity", 12.0), 0.2, 2), 1
        )
        return {
            "bands": bands, "image": photograph(section, self.domain, self.noise), "mask": section.mask[None],
            "nuclei": section.which[None], "haematoxylin": section.stained[0][None].astype(np.float32),
            "eosin": section.stained[1][None].astype(np.float32), "stains": stains(name, self.domain)[0],
            "factors": np.array([plan.f[k] for k in FACTORS], np.float32), "label": grade,
        }  # fmt: skip

    def _bands(self, section: Section) -> Array:
        from scipy.ndimage import gaussian_filter

        s, haem, eosin = section.s, *section.stained
        nuclear = inside(section.distance, max(0.8, s.spacing)) * (section.which > 0)
        red = (section.mask == LABELS["vessel"]) * np.clip(eosin - 0.15, 0, 1)
        stroma = (section.mask == LABELS["stroma"]) * (1 - nuclear)
        parts = {
            "nucleus": nuclear * haem, "cytoplasm": 1.6 * eosin * (1 - nuclear) * (1 - stroma) * (red < 0.05),
            "collagen": 1.6 * eosin * stroma, "red cell": 0.7 * red,
        }  # fmt: skip
        density = np.zeros((len(BANDS), *haem.shape), np.float32)
        for part, amount in parts.items():
            curve = _SCATTER[part] * (BANDS / 500) ** -1.5
            curve = curve + sum(h * np.exp(-np.square((BANDS - c) / w)) for c, w, h in _PEAKS[part])
            density += curve.astype(np.float32)[:, None, None] * amount[None].astype(np.float32)
        lit = 0.92 * (1 + 0.02 * s.field("lamp", 90.0)) * 10**-density
        lit = gaussian_filter(lit, (0, *(2 * [0.45 / s.spacing])))
        return camera(lit, stream(*s.name, "spectrograph"), 5e-5 * self.noise, 0.003 * self.noise)
