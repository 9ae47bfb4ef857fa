"""A fundus photograph and an angiogram of the same eye, taken from another angle."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from adversaria.data.phantoms.fields import about, between
from adversaria.data.phantoms.fundus import FIELD, LABELS, Fundus
from adversaria.data.phantoms.fundus_lesions import LESIONS
from adversaria.data.phantoms.misregistration import Displacement
from adversaria.data.phantoms.sheet import Sheet
from adversaria.draws import stream

Array = NDArray[Any]


class FundusAngiography(Fundus):
    """A colour photograph (`fixed`, 3 channels) and a fluorescein angiogram of the same eye (`moving`, 1 channel).

    `angiogram` is in register with the photograph; `moving` is it from another pose: turned by up to 8 degrees,
    shifted by up to a millimetre, and a little warped. `flow` (2, *S) in mm along rows and columns: fixed(x) =
    moving(x + flow(x)); `moving_vessels` are its vessels. Vessels, microaneurysms and leaks are bright, haemorrhages
    and the fovea dark; how full the veins are and how bright the choroid is depends on the time after the injection.
    Words also: those of Fundus.
    """

    words = (  # type: ignore[assignment]
        *Fundus.words, "angiogram", "fixed", "moving", "moving_vessels", "flow",
    )  # fmt: skip
    units = {
        **Fundus.units, "angiogram": "reflectance", "fixed": "reflectance", "moving": "reflectance",
        "moving_vessels": "labels", "flow": "mm",
    }  # fmt: skip

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same eyes as Fundus's."""
        return "Fundus", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one eye twice."""
        made, name = super().case(subject, healthy), self.named(subject)
        s = Sheet(name, self.size, self.spacing, 9.0)
        plain, field = self._glow(s, made), np.hypot(s.x, s.y) < FIELD
        way = Displacement(self._pull(s), self.spacing)
        moved = way.image(np.ascontiguousarray(plain.T)[..., None])[..., 0].T
        vessels = way.labels(np.ascontiguousarray(made["vessels"][0].T)[..., None])[..., 0].T
        return {
            **made, "angiogram": self._shown(name, plain, field, "angiogram"), "fixed": made["image"],
            "moving": self._shown(name, moved, field, "moving"), "flow": way.flow,
            "moving_vessels": (vessels * field)[None].astype(np.int16),
        }  # fmt: skip

    def _pull(self, s: Sheet) -> Array:
        """From where (x, y) each place of the angiogram's pose takes its value (mm)."""
        turn = np.deg2rad(between((*s.name, "turned"), -8, 8))
        shift = [about((*s.name, "moved", k), 0, 0.45) for k in range(2)]
        c, n = np.cos(turn) - 1, np.sin(turn)
        x = c * s.x - n * s.y + shift[0] + 0.08 * s.field("warp x", 3.0)
        y = n * s.x + c * s.y + shift[1] + 0.08 * s.field("warp y", 3.0)
        return np.stack([x.T, y.T])[..., None].astype(np.float32)

    def _glow(self, s: Sheet, made: dict[str, Any]) -> Array:
        """How bright each place is, 0 to 1, without noise."""
        time = between((*s.name, "time"), 0.3, 1)
        mask, findings = made["mask"][0], made["findings"][0]
        flush = (0.16 + 0.10 * time) * (1 + 0.12 * s.field("flush", 0.7) + 0.08 * s.field("capillaries", 0.09))
        place = dict(zip(self.factor_names, made["factors"], strict=True))
        far = np.hypot(s.x - place["fovea_x"], s.y - place["fovea_y"])
        glow = flush * (1 - 0.65 * np.exp(-np.square(far / 0.75)))
        glow = np.where(np.isin(mask, (LABELS["disc"], LABELS["cup"])), 0.20 + 0.12 * time, glow)
        vessel = 0.86 * (mask == LABELS["artery"]) + (0.25 + 0.65 * time) * (mask == LABELS["vein"])
        glow = np.maximum(glow, gaussian_filter(vessel.astype(np.float32), 0.35))
        leak = gaussian_filter((findings == LESIONS["microaneurysm"]).astype(np.float32), 0.14 * time / self.spacing)
        glow = glow + 1.5 * time * leak + 0.7 * (findings == LESIONS["microaneurysm"])
        glow = glow * (1 - 0.85 * (findings == LESIONS["haemorrhage"])) * (1 - 0.4 * (findings == LESIONS["exudate"]))
        return np.clip(glow, 0, 1).astype(np.float32)

    def _shown(self, name: tuple[int | str, ...], glow: Array, field: Array, take: str) -> Array:
        rho = np.linspace(-1.05, 1.05, self.size, dtype=np.float32)
        lit = glow * (1 - 0.2 * (np.square(rho)[None] + np.square(rho)[:, None]))
        random = stream(*name, "camera", take)
        grain = random.standard_normal(lit.shape, np.float32) * np.sqrt(9e-4 * np.clip(lit, 0, 1) + 1.2e-4)
        return (np.clip(lit + np.float32(self.noise) * grain, 0, 1) * field)[None].astype(np.float32)
