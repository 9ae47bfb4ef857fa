"""Frontal film of the pelvis, with or without a broken neck of the femur."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import axis
from adversaria.data.phantoms.pelvis_anatomy import FACTORS, Fracture, Hips
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.radiograph import SITES, film
from adversaria.data.phantoms.scene import Scene
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"hip bone": 1, "femur": 2, "sacrum": 3}
_RAY, _STEP, _RAISED = 38, 6.2, 22.0


class PelvisFilm(Phantom):
    """Frontal film of the pelvis (0 to 1, bone bright; the image's left is the patient's right), 420 mm wide.

    A projection of Pelvis's people, coarse along the rays alone. In the share `prevalence` the neck of one femur is
    broken, displaced by 1 to 8 mm and bent, with everything below it: `label` is 0 whole, 1 broken. `domain` is the
    hospital, `exposure` times its photons (0: no noise). Words: `film`, `mask` (LABELS, the femur before the pelvis),
    `fracture` (around the break), `lesions` (its table), `factors`, `label`.
    """

    words = ("film", "mask", "fracture", "lesions", "factors", "label")
    units = {"film": "arbitrary", "mask": "labels", "fracture": "labels", "label": "labels"}
    factor_names = (*FACTORS[:-1], "displacement")
    classes = ("whole", "broken")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        prevalence: float = 0.5,
        healthy: bool = False,
        domain: str = "a",
        exposure: float = 1.0,
        seed: int = 0,
    ):
        if domain not in SITES:
            raise ValueError(f"there is no hospital '{domain}'; there are {', '.join(SITES)}")
        super().__init__(size, dims, 420.0 / size, seed, prevalence, healthy)
        self.domain, self.exposure = domain, exposure

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Films only."""
        return (2,)

    def affine(self) -> NDArray[np.float64]:
        """Pixel indices to RAS millimetres: rows run down, columns to the patient's left."""
        affine = np.zeros((4, 4))
        affine[2, 0], affine[0, 1], affine[1, 2], affine[3, 3] = -self.spacing, -self.spacing, self.spacing, 1
        return affine

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one film, or its twin with whole bones."""
        name, sick = self.named(subject), self.sick(subject, healthy)
        across = axis(self.size, self.spacing)
        places = (across, axis(_RAY, _STEP), across + np.float32(_RAISED))
        scene = Scene(name, places, self.spacing, ("ct",), reach=0.62 * 420)
        fracture = Fracture.of(name)
        hips = Hips(scene, 0.0, fracture if sick else None)
        hips.paint()
        hu = scene.stack[0]
        site = SITES[self.domain]
        seen = film(hu, 1, _STEP, self.spacing, site, self.exposure, stream(*name, "photons"))
        mask = np.zeros(seen.shape, np.int16)
        for value, label in ((3, 5), (1, 3), (2, 4)):
            mask[(scene.labels == label).any(1)] = value
        lesion, table = np.zeros_like(mask), list[dict[str, Any]]()
        if sick:
            x, z = hips.broken
            near = np.hypot(across[:, None] - x, places[2][None] - z) < 16
            lesion[near] = 1
            table = [
                {
                    "id": 1, "type": "fracture", "diameter_mm": 32.0, "centre_mm": [-x, 0.0, z - _RAISED],
                    "displacement_mm": fracture.shift, "angle_degrees": float(np.rad2deg(fracture.angle)),
                }
            ]  # fmt: skip
        factors = np.array([*(hips.f[k] for k in FACTORS[:-1]), fracture.shift], np.float32)
        made = {word: self._turned(image) for word, image in (("film", seen), ("mask", mask), ("fracture", lesion))}
        return {**made, "lesions": table, "factors": factors, "label": int(sick)}

    @staticmethod
    def _turned(plane: Array) -> Array:
        """Bring (across, z) to (1, rows from the top, columns)."""
        return np.ascontiguousarray(plane[:, ::-1].T[None])
