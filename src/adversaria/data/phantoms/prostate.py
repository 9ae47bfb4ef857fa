"""MR of the prostate with its zones and lesions, and ultrasound of it from the rectum, pressed by the probe."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes
from adversaria.data.phantoms.prostate_anatomy import FACTORS, GROUPS, LABELS, Gland
from adversaria.data.phantoms.prostate_probe import Pressed, insonified
from adversaria.data.phantoms.scanned import Diseased
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.tissues import Tissue

Array = NDArray[Any]

# diffusion in 10^-3 mm^2 / s
_DIFFUSION = {
    "": 1.4,
    "prostate periphery": 1.65, "prostate transition": 1.30, "urine": 3.0, "fat": 0.15, "muscle": 1.2, "air": 0.0,
    "bone": 0.2, "spongy bone": 0.3, "seminal vesicle": 1.9, "flowing blood": 2.0,
}  # fmt: skip


class Prostate(Diseased):
    """Prostate MR (t2, adc in 10^-3 mm^2/s, dwi) and transrectal ultrasound (`trus`, 0 to 1) of one subject.

    The share `prevalence` has a tumour, in the peripheral zone in seven of ten, of Gleason group 1 to 5: the higher,
    the darker in t2 and the lower its adc, with overlap; `label` is the group, 0 none. While `trus` is taken, the
    probe presses on the gland (`pressure` times a few mm, keeping volumes): `flow` (mm along rows, columns[,
    slices]) tells where each place of `trus` lies in the MR, trus(x) = t2(x + flow(x)), `trus_mask` the pressed
    zones, `landmarks` ten points (N, dims; voxels) in the MR and `trus_landmarks` in the ultrasound. `middle_on` is
    gland, or lesion for patches around the tumour. Words also: `mask` (LABELS), `lesion`, `lesions`, `factors`.
    """

    modalities = ("t2", "adc", "dwi")
    painted = ("t2", "diffusion")
    words: ClassVar[tuple[str, ...]] = (
        *modalities, "trus", "trus_mask", "flow", "mask", "lesion", "lesions", "landmarks", "trus_landmarks", "factors",
        "label",
    )  # fmt: skip
    units = {
        "t2": "arbitrary", "adc": "10^-3 mm^2/s", "dwi": "arbitrary", "trus": "relative",
        **dict.fromkeys(("mask", "trus_mask", "lesion", "label"), "labels"),
    }  # fmt: skip
    factor_names = FACTORS
    classes = GROUPS
    field_of_view = 130.0
    heights = (-10.0, 8.0)
    tables = {"diffusion": _DIFFUSION}
    own = {"levator": Tissue(1412, 50, 28, 0.8, 55, 0.7), "urethra": Tissue(1600, 170, 60, 0.9, 30, 1.0)}

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        prevalence: float = 0.7,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 0.03,
        height: float | None = None,
        pressure: float = 1.0,
        middle_on: str = "gland",
        misregistration: float = 0.0,
        moving: str = "adc",
        seed: int = 0,
    ):
        super().__init__(
            size, dims, spacing, prevalence, contrast, healthy, domain, noise, height, misregistration, moving, seed
        )  # fmt: skip
        if middle_on not in ("gland", "lesion"):
            raise ValueError(f"a picture's middle is on gland or lesion, not on '{middle_on}'")
        self.pressure, self.middle_on = pressure, middle_on

    def placed(self, name: tuple[int | str, ...], height: float) -> Axes:
        """Coordinates of the voxels, around the gland or around the lesion."""
        x, y, z = self.axes(height)
        if self.middle_on == "gland":
            return x, y, z
        centre = Gland.lesion_of(name, self.level(name))[0]
        return x + np.float32(centre[0]), y + np.float32(centre[1]), z

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the gland and what lies around it; then press, and see it by ultrasound."""
        gland = Gland(scene, self.level(scene.name))
        gland.paint()
        lesion, table = np.zeros_like(scene.labels), list[dict[str, Any]]()
        if sick:
            share = self.lay_lesion(scene, gland.tumour, gland.lesion_tissue)
            lesion, table = self.spot(scene, share, "tumour", 2 * gland.radius)
            for row in table:
                row["group"] = gland.group
        press = Pressed(scene.name, scene.axes, self.spacing, gland.probe, self.pressure)
        pressed = press.labels(scene.labels)
        tumour = press.labels(lesion)
        points = gland.landmarks()
        words = {
            "trus": insonified(scene, pressed, tumour, gland, self.domain, self.noise, self.contrast),
            "trus_mask": pressed,
            "lesion": lesion, "lesions": table, "label": gland.group if table else 0,
            "landmarks": self._voxels(scene, points), "trus_landmarks": self._voxels(scene, press.points(points)),
        }  # fmt: skip
        return gland.f, {**words, "flow": press.flow}

    def see(self, scene: Scene) -> dict[str, Array]:
        """Diffusion-weighted images (b 50 and 800) of the water that is mobile, and its diffusion from the two."""
        t2, diffusion = scene.clean("t2"), scene.clean("diffusion")
        low, high = (
            scene.seen("dwi", 0.5 * self.noise, t2 * np.exp(-b * diffusion / 1000), f"b {b}") for b in (50, 800)
        )
        ratio = np.log(np.maximum(low, 8.0) / np.maximum(high, 8.0)) / 0.75
        seen = (low > 60 * (1 + 8 * self.noise)) * np.clip(ratio, 0, 3.5)
        return {"t2": scene.seen("t2", self.noise), "adc": seen.astype(np.float32), "dwi": high}

    def _voxels(self, scene: Scene, points: Array) -> Array:
        """Points (N, 3) in mm as voxels (N, dims) along rows, columns[, slices]."""
        starts = np.array([axis[0] for axis in scene.axes])
        found = ((points - starts) / self.spacing)[:, [1, 0, 2]]
        return found[:, : self.dims].astype(np.float32)


__all__ = ["LABELS", "Prostate"]
