"""Films of the spine from the side and from the front, and maximum projections of its CT, with named vertebrae."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import axis
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.radiograph import SITES, film
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.spine_anatomy import FACTORS, NAMES, REGIONS, Column
from adversaria.draws import stream

Array = NDArray[Any]

_DEPTH = 28


class SpineFilm(Phantom):
    """Spine films (0 to 1, bone bright) from the side (`film`) and the front (`coronal`), of Spine's people.

    They are projections of the CT, coarse along the rays alone. `mip` and `mip_coronal` are its maximum projections
    (HU), `mask` and `mask_coronal` the vertebrae (1 is L5, 24 is C1; NAMES), `centroids` and `centroids_coronal` (24,
    3) the bodies' middles (row, column) and 1 where they lie within the image. `flexion` above 0 bends the spine
    forwards, below 0 back; `domain` is the hospital. Words also: `factors`, `label` (0 normal, 1 abnormal).
    """

    words = (
        "film", "coronal", "mip", "mip_coronal", "mask", "mask_coronal", "centroids", "centroids_coronal", "factors",
        "label",
    )  # fmt: skip
    units = {
        "film": "arbitrary", "coronal": "arbitrary", "mip": "HU", "mip_coronal": "HU", "mask": "labels",
        "mask_coronal": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("normal", "abnormal")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        region: str = "lumbar",
        prevalence: float = 0.5,
        flexion: float = 0.0,
        healthy: bool = False,
        domain: str = "a",
        exposure: float = 1.0,
        seed: int = 0,
    ):
        if region not in REGIONS:
            raise ValueError(f"there is no region '{region}'; there are {', '.join(REGIONS)}")
        if domain not in SITES:
            raise ValueError(f"there is no hospital '{domain}'; there are {', '.join(SITES)}")
        super().__init__(size, dims, REGIONS[region][1] / size, seed, prevalence, healthy)
        self.region, self.flexion, self.domain, self.exposure = region, flexion, domain, exposure

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Films only."""
        return (2,)

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as Spine's."""
        return "Spine", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make the two films of one subject."""
        name, sick = self.named(subject), self.sick(subject, healthy)
        across, ray = axis(self.size, self.spacing), axis(_DEPTH, 150.0 / _DEPTH)
        made: dict[str, Any] = {}
        for view, ending in ((0, ""), (1, "_coronal")):
            axes = (ray, across + np.float32(8), across) if view == 0 else (across, ray + np.float32(8), across)
            scene = Scene(name, axes, self.spacing, ("ct",), reach=0.62 * REGIONS[self.region][1])
            column = Column(scene, self.region, sick, self.flexion)
            column.paint()
            hu = scene.stack[0]
            made[f"mip{ending}"] = self._turned(hu.max(view))
            made[f"mask{ending}"] = self._turned(column.numbers.max(view))
            random = stream(*name, "photons", view)
            shown = film(hu, view, 150.0 / _DEPTH, self.spacing, SITES[self.domain], self.exposure, random)
            made[ending[1:] or "film"] = self._turned(shown)
            made[f"centroids{ending}"] = self._centroids(column, axes[1 - view][0], view)
        factors = {**column.f, "slice": self.flexion + stream(*name, "slice").uniform(-3, 3)}
        return {**made, "factors": np.array([factors[k] for k in FACTORS], np.float32), "label": int(sick)}

    @staticmethod
    def _turned(plane: Array) -> Array:
        """Bring (across, z) to (1, rows from the top, columns)."""
        return np.ascontiguousarray(plane[:, ::-1].T[None])

    def _centroids(self, column: Column, first: float, view: int) -> Array:
        places = column.placed()
        cells = (places[:, 1 - view] - first) / self.spacing
        rows = (self.size - 1) / 2 - places[:, 2] / self.spacing
        found = np.stack([rows, cells], 1)
        seen = np.all((found > 0) & (found < self.size - 1), axis=1, keepdims=True)
        return np.concatenate([found, seen], 1).astype(np.float32)


__all__ = ["NAMES", "SpineFilm"]
