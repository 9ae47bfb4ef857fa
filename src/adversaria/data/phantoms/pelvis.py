"""MR and CT of the pelvis: bones, muscles, bladder, prostate, rectum; Dixon images and the dose of four beams."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.beams import dose
from adversaria.data.phantoms.pelvis_anatomy import FACTORS, LABELS, MUSCLES, Hips
from adversaria.data.phantoms.scanned import Diseased
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import ellipsoid

Array = NDArray[Any]


class Pelvis(Diseased):
    """Pelvis MR (t1, t2, and Dixon inphase, opposed, fat, water) and CT in HU of one subject on one grid.

    Heights are in mm above the middle of the femoral heads. `muscles` labels each muscle (MUSCLES, from 1 on the
    patient's right and from 13 on the left); `dose` is that of four beams on the prostate, from the CT without noise:
    judge a synthetic CT with `beams.dose`. With `bladder` above 0 the CT is another session's: bladder and rectum
    have volumes of their own there, up to 1 + `bladder` times larger or smaller (`ct_mask` tells). The share
    `prevalence` has a sclerotic bone metastasis. Words also: `mask` (LABELS), `ct_mask`, `lesion`, `lesions`,
    `factors`, `label` (0 healthy, 1 sick).
    """

    modalities = ("t1", "t2", "inphase", "opposed", "fat", "water", "ct")
    painted = ("t1", "t2", "fat", "water", "ct")
    words = (*modalities, "mask", "ct_mask", "muscles", "dose", "lesion", "lesions", "factors", "label")
    units = {
        **dict.fromkeys(modalities[:-1], "arbitrary"), "ct": "HU", "dose": "relative",
        **dict.fromkeys(("mask", "ct_mask", "muscles", "lesion", "label"), "labels"),
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("healthy", "sick")
    field_of_view = 420.0
    heights = (-15.0, 22.0)

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        prevalence: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 0.03,
        height: float | None = None,
        bladder: float = 0.0,
        misregistration: float = 0.0,
        moving: str = "ct",
        seed: int = 0,
    ):
        super().__init__(
            size, dims, spacing, prevalence, contrast, healthy, domain, noise, height, misregistration, moving, seed
        )  # fmt: skip
        self.bladder = bladder

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the pelvis, once more for the CT's session if it is another."""
        hips = Hips(scene, 0.0)
        hips.paint()
        lesion, table = np.zeros_like(scene.labels), list[dict[str, Any]]()
        if sick:
            share = self._metastasis(hips, scene)
            lesion, table = self.spot(scene, share, "bone metastasis", 2 * hips.f["metastasis"])
        words = {"lesion": lesion, "lesions": table, "label": int(bool(table)), "muscles": hips.muscles}
        words["ct_mask"] = scene.labels.copy()
        if self.bladder:
            other = Scene(
                scene.name, scene.axes, scene.voxel, ("ct",), self.reference, self.domain, reach=scene.reach
            )  # fmt: skip
            later = Hips(other, self.bladder)
            later.paint()
            if sick:
                self._metastasis(later, other)
            scene.stack[self.painted.index("ct")] = other.stack[0]
            words["ct_mask"] = other.labels
        target = ellipsoid(hips.at, (0, -3, -12), (36, 30, 40))
        fluence = np.clip(0.5 - target / 8, 0, 1)
        words["dose"] = dose(scene.clean("ct"), fluence, self.spacing, (0, 90, 180, 270))
        return hips.f, words

    def _metastasis(self, hips: Hips, scene: Scene) -> Array:
        f, side = hips.f, 1 if hips.between("side", 0, 1) < 0.5 else -1
        x, y = hips.about("metastasis x", 0, 4), hips.about("metastasis y", 0, 4)
        level = self.level(hips.name) / f["height"]
        wave = 0.9 * scene.field("metastasis", 7.0)
        radius = f["metastasis"]
        shape = ellipsoid(hips.at, (side * (88 + x), y, 0.6 * level), (radius, radius, max(radius, 14))) + wave
        return self.lay_lesion(scene, shape, "metastasis")


__all__ = ["LABELS", "MUSCLES", "Pelvis"]
