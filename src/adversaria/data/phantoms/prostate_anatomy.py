"""The prostate, its zones, and what lies around it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import about, between
from adversaria.data.phantoms.scanned import Anatomy
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import ellipsoid, intersection, union
from adversaria.data.phantoms.tissues import Tissue
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {
    "peripheral zone": 1, "transition zone": 2, "urethra": 3, "seminal vesicle": 4, "rectum": 5, "bladder": 6,
    "muscle": 7, "bone": 8, "fat": 9,
}  # fmt: skip
GROUPS = ("none", "group 1", "group 2", "group 3", "group 4", "group 5")
FACTORS = (
    "width", "depth", "height", "rotation", "shift_x", "shift_y", "gland", "flat", "transition", "nodules", "rectum",
    "bladder", "fat", "lesion_radius", "group", "slice",
)  # fmt: skip


class Gland(Anatomy):
    """One subject's prostate in a scene: x to the left, y to the back, z up, around its middle (mm)."""

    def __init__(self, scene: Scene, level: float):
        super().__init__(scene.name, scene.axes, 1.6, 30.0)
        self.scene = scene
        place, self.radius, self.group = self.lesion_of(scene.name, level)
        self.f |= {
            "gland": self.about("gland", 1.08, 0.13), "flat": self.about("flat", 0.8, 0.06),
            "transition": self.between("transition", 0.62, 0.92), "nodules": self.between("nodules", 0.3, 1.2),
            "rectum": self.about("rectum", 1, 0.1), "bladder": self.between("bladder", 0.7, 1.4),
            "fat": self.between("fat", 5, 22), "lesion_radius": self.radius, "group": self.group,
        }  # fmt: skip
        wave = 0.16 * self.radius * self.scene.field("lesion", max(4.0, self.radius))
        turned = ellipsoid(self.at, place, (1.2 * self.radius, 0.85 * self.radius, max(self.radius, 7))) + wave
        self.body = self._body()
        self.tumour = intersection(turned, self.body + 0.8, 1.0)
        self.lesion_tissue = f"group {self.group}"
        self.rectum = self.size_of(scene.name)[1] + 14.0
        c, n = np.cos(self.f["rotation"]), np.sin(self.f["rotation"])
        behind = self.f["depth"] * self.rectum
        self.probe = (self.f["shift_x"] - n * behind, self.f["shift_y"] + c * behind)
        grown = (self.group - 1) / 4 + self.about("overlap", 0, 0.14)
        scene.own[self.lesion_tissue] = Tissue(1500, 95 - 32 * grown, 45, 0.88, 42, 4.0)
        scene.tables["diffusion"][self.lesion_tissue] = 1.28 - 0.50 * grown

    @staticmethod
    def size_of(name: tuple[int | str, ...]) -> tuple[float, float]:
        """How large a subject's gland is (1 the average), and how far back it reaches (mm)."""
        grown = about((*name, "gland"), 1.08, 0.13)
        return grown, 17 * grown * about((*name, "flat"), 0.8, 0.06)

    @staticmethod
    def lesion_of(name: tuple[int | str, ...], level: float) -> tuple[tuple[float, float, float], float, int]:
        """Where a subject's lesion would lie, its radius (mm) and its group 1 to 5."""
        u = stream(*name, "lesion").uniform(size=6)
        side = 1 if u[0] < 0.5 else -1
        radius = 3.8 + 5.4 * u[1] ** 1.3
        group = 1 + int(np.searchsorted(np.cumsum([0.3, 0.3, 0.18, 0.12, 0.1]), u[2]))
        grown, back = Gland.size_of(name)
        if u[3] < 0.7:
            angle = 0.3 + 0.85 * u[4]
            place = (side * 19.5 * grown * np.sin(angle), (back + 1) * np.cos(angle) - 0.55 * radius, 0.95 * level)
        else:
            place = (side * (5 + 6 * u[4]), -7 - 4 * u[5], 0.95 * level)
        return place, float(radius + about((*name, "lesion size"), 0, 0.3)), min(group, 5)

    def _body(self) -> Array:
        """The gland: flat behind, narrow at its apex (below)."""
        f, (x, y, z) = self.f, self.at
        k, narrow = f["gland"], 1 + 0.011 * np.clip(-z - 4, 0, 24)
        whole = ellipsoid((x * narrow, y * narrow, z), (0, 0, 0), (25.5 * k, 20 * k, 22 * k))
        whole = whole + 0.6 * self.scene.field("capsule", 14.0)
        return intersection(whole, y - 17 * f["flat"] * k - 0.012 * np.square(x), 5)

    def paint(self) -> None:
        """Paint from outside in."""
        s, f, (x, y, z) = self.scene, self.f, self.at
        grain = 0.06 * s.field("grain", 5.0)
        flat = np.zeros_like(z)
        s.lay(flat - 100 + 0 * x, "fat", LABELS["fat"], texture=grain)
        side = np.abs(x)
        for shape, tissue, label in (
            (np.maximum(ellipsoid((side, y, flat), (58, 6, 0), (17, 44, 1)), 34 - side), "muscle", "muscle"),
            (ellipsoid((side, y, flat), (74, -14, 0), (16, 34, 1)), "bone", "bone"),
            (ellipsoid((side, y, flat), (74, -14, 0), (12.5, 30, 1)), "spongy bone", "bone"),
            (union(self.rod((20, -38, -18), (46, -30, 26), 8, (side, y, z)), y + 300, 1), "bone", "bone"),
            (self.rod((20, -38, -18), (46, -30, 26), 5.5, (side, y, z)), "spongy bone", "bone"),
            (ellipsoid((side, y, flat), (40, 66, 0), (46, 26, 1)), "muscle", "muscle"),
        ):
            s.lay(shape, tissue, LABELS[label], texture=grain)
        sling = np.abs(ellipsoid((x, y, flat), (0, 10, 0), (34, 36, 1))) - 2.2
        s.lay(np.maximum(sling, -6 - y), "levator", LABELS["muscle"])
        tube = ellipsoid((x, y, flat), (0, self.rectum, 0), (15 * f["rectum"], 12.5 * f["rectum"], 1))
        s.lay(tube - 2.8, "bowel wall", LABELS["rectum"])
        s.lay(tube, "air", LABELS["rectum"])
        k = f["bladder"]
        bladder = ellipsoid(self.at, (0, -12, 24 + 20 * k), (36 * k, 24 * k, 22 * k))
        s.lay(bladder - 3, "bowel wall", LABELS["bladder"])
        s.lay(bladder, "urine", LABELS["bladder"])
        if float(z.max()) > 4:
            pouch = ellipsoid((side, y - 0.22 * side, z), (14, 12, 21 * f["gland"]), (17, 6, 8))
            s.lay(pouch + 2.6 * s.field("tubules", 4.0), "seminal vesicle", LABELS["seminal vesicle"])
        veins = 1.4 - np.hypot(s.field("veins", 8.0), 0.8 * s.field("veins across", 9.0)) * 4
        ring = np.maximum(self.body - 7, 1.5 - self.body)
        s.lay(np.maximum(-veins, np.maximum(ring, np.abs(y + 10) - 14)), "seminal vesicle", LABELS["fat"], within=0.7)
        self._zones(grain)

    def _zones(self, grain: Array) -> None:
        s, f, (x, y, z) = self.scene, self.f, self.at
        k = f["gland"]
        s.lay(self.body, "muscle", LABELS["peripheral zone"])
        s.lay(self.body + 0.9, "prostate periphery", LABELS["peripheral zone"], texture=1.6 * grain)
        septa = np.exp(-np.square(s.field("septa", 5.0) / 0.12)) * 0.35
        s.lay(self.body + 2, "muscle", within=septa)
        size = f["transition"]
        inner = ellipsoid((x, y + 5, z - 3), (0, 0, 0), (20 * k * size, 14.5 * k * size, 18 * k * size))
        inner = intersection(inner, self.body + 2, 2) + 0.8 * s.field("border", 9.0)
        s.lay(inner - 0.8, "muscle", LABELS["transition zone"])
        whorls = f["nodules"] * 0.16 * s.field("nodules", 6.0)
        s.lay(inner, "prostate transition", LABELS["transition zone"], texture=whorls + grain)
        front = ellipsoid((x, y, z), (0, -17 * k, 2), (11, 5, 18))
        s.lay(intersection(front, self.body + 0.5), "muscle", LABELS["transition zone"])
        self.channel = np.hypot(x, y + 2 + 0.25 * np.clip(z, -30, 20)) - 1.8
        s.lay(intersection(self.channel - 1.4, self.body), "muscle", LABELS["urethra"])
        s.lay(intersection(self.channel, self.body), "urethra", LABELS["urethra"])

    def landmarks(self) -> Array:
        """Ten points (N, 3) in mm of the scanner: on the gland's surface, in its nodules and along its urethra."""
        f, k = self.f, self.f["gland"]
        angles = np.arange(6) * np.pi / 3 + between((*self.name, "marks"), 0, 1)
        level = float(np.mean(self.axes[2]))
        rim = [(20 * k * np.cos(a), 13 * k * np.sin(a) - 1, level) for a in angles]
        deep = [(self.about(f"mark {j} x", 0, 7), self.about(f"mark {j} y", -4, 5), level) for j in range(3)]
        local = np.array([*rim, *deep, (0.0, -2.0, level)])
        c, s = np.cos(f["rotation"]), np.sin(f["rotation"])
        x, y = local[:, 0] * f["width"], local[:, 1] * f["depth"]
        return np.stack([c * x - s * y + f["shift_x"], s * x + c * y + f["shift_y"], local[:, 2]], 1)
