"""CT of the throat with organs at risk, three targets, and the dose of a plan on them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.beams import dose
from adversaria.data.phantoms.scanned import Anatomy, Scanned
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import Points, ellipsoid, intersection, union
from adversaria.data.phantoms.tissues import Tissue

Array = NDArray[Any]

LABELS = {
    "body": 1, "mandible": 2, "spine": 3, "cord": 4, "parotid": 5, "larynx": 6, "airway": 7, "submandibular": 8,
    "cord margin": 9,
}  # fmt: skip
# Gy that each target is meant to have
TARGETS = {"high": 70.0, "middle": 63.0, "low": 56.0}
FACTORS = (
    "width", "depth", "height", "rotation", "shift_x", "shift_y", "fat", "airway", "parotids", "muscle", "tumour",
    "reach", "nodes", "start", "slice",
)  # fmt: skip
_BEAMS = 9


class Oropharynx(Scanned):
    """CT (HU) of the throat of a patient with a plan: `targets` (1 for 70 Gy, 2 for 63, 3 for 56) and `dose` (Gy).

    The plan has nine beams around the neck that cover the targets and spare cord and parotids, scaled so that 95 % of
    the high target have 70 Gy; `beams.dose` is its model. `label` is the side of the tumour (0 right, 1 left). Words
    also: `mask` (LABELS, the cord with 5 mm around it), `target` (dose asked for, as a share of 70 Gy), `factors`.
    """

    modalities = ("ct",)
    painted = ("ct",)
    words = ("ct", "dose", "mask", "targets", "target", "factors", "label")
    units = {"ct": "HU", "dose": "Gy", "target": "relative", **dict.fromkeys(("mask", "targets", "label"), "labels")}
    factor_names = FACTORS
    classes = ("right", "left")
    field_of_view = 230.0
    heights = (-18.0, 18.0)
    own = {
        "tooth": Tissue(200, 0.5, 0.3, 0.05, 2200.0, 0.2), "gland": Tissue(800, 70, 40, 0.9, 12.0, 2.0),
        "vein blood": Tissue(1600, 100, 20, 0.3, 150.0, 1.6), "mass": Tissue(1400, 80, 50, 0.9, 78.0, 8.0),
        "shield": Tissue(1000, 40, 20, 0.7, 130.0, 0.5),
    }  # fmt: skip

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        domain: str = "a",
        noise: float = 0.03,
        height: float | None = None,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing, domain=domain, noise=noise, height=height, seed=seed)

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the neck, draw the targets, and plan."""
        neck = _Neck(scene)
        neck.paint()
        wanted, targets = neck.targets(self.level(scene.name))
        spare = np.clip(0.5 - np.minimum(neck.cord - 5, neck.parotids) / 4, 0, 1) * (targets == 0)
        angles = [neck.f["start"] + 360 / _BEAMS * k for k in range(_BEAMS)]
        wide = np.clip(0.5 - (neck.edges - 5) / 4, 0, 1).max(0) * (wanted > 0).any()
        fluence = np.maximum(wanted, 0.8 * wide)
        given = np.zeros_like(wanted)
        # where a target has too little, the lines through it open further: three rounds
        for _ in range(3):
            plan = dose(scene.clean("ct"), fluence, self.spacing, angles, spare)
            given = self._scaled(self._soft(plan), targets)
            short = np.where(targets > 0, 70 * wanted / np.maximum(given, 7), 1.0)
            fluence = np.where(targets > 0, fluence * np.clip(short, 0.8, 1.3), fluence)
        words = {"dose": given, "targets": targets, "target": wanted, "label": int(neck.side > 0)}
        return neck.f, words

    @staticmethod
    def _scaled(plan: Array, targets: Array) -> Array:
        """Scale a plan so that 95 % of the highest target have their dose."""
        if not targets.any():
            return 0 * plan
        number = int(targets[targets > 0].min())
        return plan * np.float32(list(TARGETS.values())[number - 1] / np.percentile(plan[targets == number], 5))

    def _soft(self, plan: Array) -> Array:
        from scipy.ndimage import gaussian_filter

        sigma = 4 / 2.355 / self.spacing
        return gaussian_filter(plan, (sigma, sigma, 0)).astype(np.float32)


class _Neck(Anatomy):
    """One subject's neck: x to the left, y to the back, z up (mm)."""

    def __init__(self, scene: Scene):
        super().__init__(scene.name, scene.axes, 2.0, 35.0)
        self.scene, self.side = scene, 1 if self.between("side", 0, 1) < 0.5 else -1
        self.f |= {
            "fat": self.between("fat", 3, 13), "airway": self.about("airway", 1, 0.12),
            "parotids": self.about("parotids", 1, 0.1), "muscle": self.about("muscle", 1, 0.08),
            "tumour": self.between("tumour", 11, 18), "reach": self.between("reach", 6, 12),
            "nodes": self.between("nodes", 8, 12), "start": self.between("start", 0, 40),
        }  # fmt: skip
        x, y, z = self.at
        self.sides: Points = (np.abs(x), y, z)
        self.cord = np.hypot(x / 1.15, y - 57) - 5.0
        k = self.f["parotids"]
        self.parotids = ellipsoid(self.sides, (56, 16, 26), (13 * k, 19 * k, 30 * k)) + 1.5 * scene.field("glands", 9.0)

    def paint(self) -> None:
        """Paint from outside in."""
        s, f, (x, y, z) = self.scene, self.f, self.at
        grain, flat = 0.05 * s.field("grain", 5.0), np.zeros_like(z)
        side = np.abs(x)
        neck = ellipsoid((x, y, flat), (0, 26, 0), (61, 66, 1))
        jaw = intersection(ellipsoid(self.at, (0, -12, 30), (60, 66, 54)), -z - 26, 8)
        wall = union(neck, jaw, 14)
        s.lay(wall - f["fat"] - 2, "skin", LABELS["body"])
        s.lay(wall - f["fat"], "fat", LABELS["body"], texture=grain)
        s.lay(wall + 2, "fat", LABELS["body"], texture=grain)
        for centre, axes, turn in (
            ((52, 34, 0), (8, 15, 1), 0.5), ((18, 80, 0), (15, 12, 1), 0.0), ((40, 68, 0), (16, 11, 1), 0.6),
            ((0, 74, 0), (30, 14, 1), 0.0), ((20, 32, 0), (9, 7, 1), 0.0),
        ):  # fmt: skip
            s.lay(ellipsoid((side, y, flat), centre, [a * f["muscle"] for a in axes], turn), "muscle", texture=grain)
        tongue = intersection(ellipsoid(self.at, (0, -34, 18), (27, 31, 34)), wall + 6)
        s.lay(tongue, "muscle", texture=2 * grain)
        s.lay(ellipsoid(self.at, (0, 2, 0), (24, 17, 60)), "muscle", texture=grain)
        s.lay(self.parotids, "gland", LABELS["parotid"], texture=3 * grain)
        s.lay(ellipsoid(self.sides, (37, -22, -16), (11, 15, 15)), "gland", LABELS["submandibular"], texture=grain)
        for a, b, radius in ((35, 16, 4.0), (42, 22, 5.5)):
            s.lay(np.hypot(side - a, y - b) - radius, "vein blood")
        self._bones(grain)
        self._airway()

    def _bones(self, grain: Array) -> None:
        s, (x, y, z) = self.scene, self.at
        side = np.abs(x)
        arch = np.abs(ellipsoid((x, y, 0 * z), (0, 4, 0), (49, 68, 1))) - 5
        arch = np.maximum(np.maximum(arch, y - 14 - 0.2 * z), np.abs(z - 12 - 0.12 * y) - 17)
        ramus = np.maximum(
            np.abs(side - 50) - 4.5, np.maximum(np.abs(y - 8 + 0.2 * (z - 40)) - 13, np.abs(z - 42) - 32)
        )
        mandible = union(arch, ramus, 3)
        s.lay(mandible, "bone", LABELS["mandible"])
        s.lay(mandible + 2.2, "spongy bone", LABELS["mandible"], texture=3 * grain)
        teeth = np.maximum(np.abs(ellipsoid((x, y, 0 * z), (0, 4, 0), (47, 66, 1))) - 3.6, np.abs(z - 33) - 8)
        gaps = np.abs(np.sin(8 * np.arctan2(x, -(y - 4)) + 0.4)) - 0.25
        s.lay(np.maximum(np.maximum(teeth, y + 22), -6 * gaps), "tooth", LABELS["mandible"])
        disc = np.abs((z + 7) % 19 - 9.5) < 2.2
        body = ellipsoid((x, y, 0 * z), (0, 38, 0), (15, 11, 1))
        s.lay(np.maximum(body, -1 + 60 * disc), "bone", LABELS["spine"])
        s.lay(np.maximum(body + 2, -1 + 60 * disc), "spongy bone", LABELS["spine"], texture=3 * grain)
        s.lay(np.maximum(body, 1 - 60 * disc), "disc annulus", LABELS["spine"])
        ring = np.abs(ellipsoid((x, y, 0 * z), (0, 56, 0), (17, 14, 1))) - 3.2
        spine = np.maximum(side - 3, np.abs(y - 80) - 12)
        s.lay(np.maximum(np.minimum(ring, spine), 1 - np.abs((z + 7) % 19 - 9.5)), "bone", LABELS["spine"])
        s.lay(np.hypot(x / 1.2, y - 57) - 9, "csf")
        s.lay(self.cord - 5, "csf", LABELS["cord margin"], within=0.0 + 1.0 * (np.hypot(x / 1.2, y - 57) < 9.5))
        s.lay(self.cord, "cord", LABELS["cord"])

    def _airway(self) -> None:
        s, f, (x, y, z) = self.scene, self.f, self.at
        k = f["airway"]
        tube = ellipsoid((x, y + 0.1 * z, 0 * z), (0, 4, 0), (12 * k, 7 * k, 1)) + 0.8 * s.field("throat", 12.0)
        if float(z.min()) < -20:
            shield = np.abs(ellipsoid((x, y, 0 * z), (0, -6, 0), (17, 19, 1))) - 1.8
            s.lay(np.maximum(shield, np.maximum(z + 32, y - 8)), "shield", LABELS["larynx"])
        s.lay(tube - 3.5, "bowel wall", LABELS["larynx"], within=1.0 * (z < -24))
        s.lay(tube, "air", LABELS["airway"])

    def targets(self, level: float) -> tuple[Array, NDArray[np.int16]]:
        """Dose asked for (share of 70 Gy), and which target each voxel belongs to; paints the mass too."""
        s, f, (x, y, z) = self.scene, self.f, self.at
        wave = 1.5 * s.field("mass", 12.0)
        centre = (self.side * 21, -4, 0.75 * level)
        mass = ellipsoid(self.at, centre, (f["tumour"], 1.2 * f["tumour"], 1.4 * f["tumour"])) + wave
        free = s.labels < LABELS["mandible"]
        s.lay(mass + 5, "mass", within=0.9 * free)
        chain = [np.hypot((x - k * 39) / 1.1, y - 20) - f["nodes"] + wave for k in (self.side, -self.side)]
        chain = [np.maximum(c, np.abs(z - 0.3 * level) - 45) for c in chain]
        self.edges = np.stack([mass, np.minimum(mass - f["reach"], chain[0]), chain[1]])
        inside = s.labels > 0
        wanted, targets = np.zeros_like(s.image), np.zeros_like(s.labels)
        for number, gray in ((3, 56.0), (2, 63.0), (1, 70.0)):
            here = (self.edges[number - 1] < 0) & inside & (self.cord > 6)
            targets[here], wanted[here] = number, gray / 70.0
        return wanted, targets
