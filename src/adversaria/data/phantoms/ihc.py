"""Tumour stained for a nuclear protein (Ki-67): brown where it is, blue where it is not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.histology import Section
from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.nuclei import KINDS
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet
from adversaria.data.phantoms.tissue_plan import FACTORS as _TISSUE
from adversaria.data.phantoms.tissue_plan import Plan
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"background": 0, "negative": 1, "positive": 2}
FACTORS = (*_TISSUE, "index")
# haematoxylin and diaminobenzidine (Ruifrok and Johnston), whites, grey scales of two scanners
_VECTORS = np.array([(0.650, 0.704, 0.286), (0.268, 0.570, 0.776)], np.float32)
_SCANNERS = {"a": ((0.95, 0.94, 0.95), 1.0, 0.42), "b": ((0.93, 0.90, 0.86), 0.85, 0.8)}


class IHC(Phantom):
    """Immunohistochemistry of Ki-67 in a tumour, colour in 0 to 1, 160 um wide.

    Each nucleus of the tumour is positive (brown) with the subject's `index`; others are blue. Words: `image`, `mask`
    (LABELS: background, negative and positive nuclei), `nuclei` (instances), `kinds` (KINDS), `index` (the share of
    positive nuclei counted in the picture, of all tumour nuclei in it), `factors`, `label` (0 an index below 0.2, 1
    above). `domain` b is another scanner.
    """

    words = ("image", "mask", "nuclei", "kinds", "index", "factors", "label")
    units = {"image": "reflectance", "mask": "labels", "nuclei": "labels", "kinds": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("low", "high")

    def __init__(
        self, size: int = 128, dims: int = 2, width: float = 160.0, domain: str = "a", noise: float = 1.0, seed: int = 0
    ):
        if domain not in _SCANNERS:
            raise ValueError(f"there is no scanner '{domain}'; there are {', '.join(_SCANNERS)}")
        super().__init__(size, dims, 0.001 * width / size, seed)
        self.width, self.domain, self.noise = width, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one section."""
        name = self.named(subject)
        grade = 1 + int(2 * stream(*name, "grade").uniform())
        plan = Plan(name, "tumour", grade, self.width)
        section = Section(plan, Sheet(name, self.size, 1000 * self.spacing, 0.62 * self.width))
        index = float(stream(*name, "index").beta(0.9, 2.6))
        random = stream(*name, "positive")
        tumour = plan.nuclei.kinds == KINDS["tumour"]
        positive = np.concatenate([[False], (random.uniform(size=len(tumour)) < index) & tumour])
        brown = np.concatenate([[0], 0.45 + 0.8 * random.uniform(size=len(tumour))]).astype(np.float32)
        mask = np.where(section.which > 0, 1 + positive[section.which], 0).astype(np.int16)
        seen = np.unique(section.which[section.kinds == KINDS["tumour"]])
        counted = float(positive[seen].mean()) if len(seen) else 0.0
        return {
            "image": self._picture(section, positive[section.which], brown[section.which]),
            "mask": mask[None], "nuclei": section.which[None], "kinds": section.kinds[None], "index": counted,
            "factors": np.array([*(plan.f[k] for k in _TISSUE), index], np.float32), "label": int(index > 0.2),
        }  # fmt: skip

    def _picture(self, section: Section, positive: Array, brown: Array) -> Array:
        from scipy.ndimage import gaussian_filter

        s = section.s
        haem, ground = section.stained
        nuclear = section.which > 0
        blue = np.where(nuclear, np.where(positive, 0.25, 0.72) * haem, 0.45 * haem + 0.10 * ground)
        dab = np.where(positive & nuclear, brown * (0.75 + 0.35 * haem), 0.035 + 0.03 * ground)
        spread = gaussian_filter(np.stack([blue, dab]), (0, *(2 * [0.3 / s.spacing])))
        white, gamma, blur = _SCANNERS[self.domain]
        density = np.tensordot(_VECTORS.T, spread, 1)
        colour = np.array(white, np.float32)[:, None, None] * 10 ** (-0.72 * density)
        colour = gaussian_filter(colour, (0, *(2 * [blur / s.spacing]))) ** np.float32(gamma)
        return camera(colour, stream(*s.name, "camera"), 2e-4 * self.noise, 0.008 * self.noise)
