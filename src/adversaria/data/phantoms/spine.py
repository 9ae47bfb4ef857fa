"""MR and CT of the spine in sagittal planes, with every vertebra named and graded."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.sagittal import Sagittal
from adversaria.data.phantoms.scanned import Scanned
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.spine_anatomy import FACTORS, GRADES, LABELS, NAMES, REGIONS, Column

Array = NDArray[Any]


class Spine(Sagittal, Scanned):
    """Spine MR (t1, t2) and CT in HU of one subject on one grid, in sagittal planes.

    Rows run from top to bottom, columns from front to back, slices from the patient's right to left; `height` is how
    far (mm) to the left of the middle a 2D case is cut. `region` is lumbar (220 mm) or whole (580 mm). The share
    `prevalence` has worn discs (low, dark in t2), wedge fractures or narrow canals. `vertebrae` numbers the vertebrae
    (1 is L5, 24 is C1; NAMES), `grades` tells normal from abnormal discs, vertebrae and foramina (GRADES), and
    `centroids` (24, dims + 1) are the middles of the bodies in voxels, with 1 where they lie within the image. Words
    also: `mask` (LABELS), `factors`, `label` (0 normal, 1 abnormal).
    """

    modalities = ("t1", "t2", "ct")
    painted = ("t1", "t2", "ct")
    words = (*modalities, "mask", "vertebrae", "grades", "centroids", "factors", "label")
    units = {
        "t1": "arbitrary", "t2": "arbitrary", "ct": "HU",
        **dict.fromkeys(("mask", "vertebrae", "grades", "label"), "labels"),
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("normal", "abnormal")
    field_of_view = 220.0
    heights = (-3.0, 3.0)
    ahead = 8.0

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        region: str = "lumbar",
        prevalence: float = 0.5,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 0.03,
        height: float | None = None,
        misregistration: float = 0.0,
        moving: str = "ct",
        seed: int = 0,
    ):
        if region not in REGIONS:
            raise ValueError(f"there is no region '{region}'; there are {', '.join(REGIONS)}")
        spacing = spacing or REGIONS[region][1] / size
        super().__init__(
            size, dims, spacing, prevalence, healthy, domain, noise, height, misregistration, moving, seed
        )  # fmt: skip
        self.region, self.field_of_view = region, REGIONS[region][1]

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the spine and what lies around it."""
        column = Column(scene, self.region, sick)
        column.paint()
        words = {"vertebrae": column.numbers, "grades": column.grades, "centroids": self._centroids(scene, column)}
        return column.f, {**words, "label": int(sick)}

    def _centroids(self, scene: Scene, column: Column) -> Array:
        cells = [(v - a[0]) / self.spacing for v, a in zip(column.placed().T, scene.axes, strict=True)]
        found = np.stack([self.size - 1 - cells[2], cells[1], cells[0]][: self.dims], 1)
        seen = np.all((found > 0) & (found < self.size - 1), axis=1, keepdims=True)
        return np.concatenate([found, seen], 1).astype(np.float32)


__all__ = ["GRADES", "LABELS", "NAMES", "Spine"]
