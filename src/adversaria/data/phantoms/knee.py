"""MR of the knee in sagittal planes: bones, their cartilages, menisci, ligaments, fluid."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.sagittal import Sagittal
from adversaria.data.phantoms.scanned import Anatomy, Diseased
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import Points, ellipsoid, intersection, union
from adversaria.data.phantoms.tissues import Tissue

Array = NDArray[Any]

LABELS = {
    "femur": 1, "femoral cartilage": 2, "tibia": 3, "tibial cartilage": 4, "patella": 5, "patellar cartilage": 6,
    "meniscus": 7, "ligament": 8, "fluid": 9, "muscle": 10, "fat": 11,
}  # fmt: skip
FACTORS = (
    "width", "depth", "height", "rotation", "shift_x", "shift_y", "condyles", "cartilage", "tibial", "meniscus", "fat",
    "effusion", "marrow", "defect", "lesion_radius", "slice",
)  # fmt: skip
# side, start, end (x, y, z) and radius of muscles
_MUSCLES = (
    ((20, 40, 10), (16, 34, -170), 15), ((24, 30, 30), (24, 26, 170), 13), ((14, -26, 62), (16, -30, 180), 17),
)  # fmt: skip


class Knee(Sagittal, Diseased):
    """Knee MR (t1, pd, pdfs: pd without fat, t2) and CT in HU of one subject on one grid, in sagittal planes.

    Rows run from top to bottom, columns from front to back; `height` is how far (mm) to the left of the middle a 2D
    case is cut. In the share `prevalence` the femoral cartilage has a defect, and the marrow above it an oedema
    (`lesion`), bright in pdfs. Words also: `mask` (LABELS: bones and cartilages, menisci, ligaments), `lesions`,
    `factors`, `label` (0 whole, 1 defect).
    """

    modalities = ("pd", "pdfs", "t1", "t2", "ct")
    painted = modalities
    words = (*modalities, "mask", "lesion", "lesions", "factors", "label")
    units = {
        **dict.fromkeys(modalities[:-1], "arbitrary"), "ct": "HU",
        **dict.fromkeys(("mask", "lesion", "label"), "labels"),
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("whole", "defect")
    field_of_view = 150.0
    heights = (-26.0, 26.0)
    ahead = -2.0
    own = {"oedema": Tissue(1200, 95, 30, 0.85, 120.0, 1.0), "ligament": Tissue(600, 12, 6, 0.45, 90.0, 0.5)}

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the knee."""
        joint = _Joint(scene, self.level(scene.name), sick)
        joint.paint()
        lesion, table = np.zeros_like(scene.labels), list[dict[str, Any]]()
        if sick:
            share = self.lay_lesion(scene, joint.oedema, "oedema", 0.06 * scene.field("grain", 5.0))
            lesion, table = self.spot(scene, share, "marrow oedema", 2 * joint.f["lesion_radius"])
        return joint.f, {"lesion": lesion, "lesions": table, "label": int(bool(table))}


class _Joint(Anatomy):
    """One subject's knee: x to the left, y to the back, z up, 0 at the joint's line (mm)."""

    def __init__(self, scene: Scene, level: float, sick: bool):
        super().__init__(scene.name, scene.axes, 1.3, 30.0)
        self.scene = scene
        self.f |= {
            "condyles": self.about("condyles", 21, 1.2), "cartilage": self.about("cartilage", 2.1, 0.3),
            "tibial": self.about("tibial", 2.0, 0.3), "meniscus": self.about("meniscus", 12, 1),
            "fat": self.between("fat", 3, 14), "effusion": self.between("effusion", 0, 4),
            "marrow": self.about("marrow", 1, 0.1), "defect": self.between("defect", 4, 7),
            "lesion_radius": self.between("lesion radius", 5, 9),
        }  # fmt: skip
        f, (x, y, z) = self.f, self.at
        self.sides: Points = (np.abs(x), y, z)
        r = f["condyles"]
        turn = self.between("defect at", -0.7, 0.6)
        place = (level / f["width"], 6 + r * np.sin(turn), 22 - r * np.cos(turn))
        self.away = np.sqrt(sum(np.square(p - np.float32(c)) for p, c in zip(self.at, place, strict=True)))
        self.thin = np.exp(-np.square(self.away / f["defect"])) if sick else np.zeros_like(self.away)
        self.femur = self._femur()
        above = ellipsoid(self.at, (place[0], place[1] - 2 * np.sin(turn), place[2] + 6), (f["lesion_radius"],) * 3)
        self.oedema = intersection(above + 1.2 * scene.field("oedema", 6.0), self.femur + 2.2, 1)

    def _femur(self) -> Array:
        r, at = self.f["condyles"], self.sides
        condyle = ellipsoid(at, (22, 6, 22), (15, r + 2, r))
        groove = ellipsoid(at, (9, -6, 27), (20, 19, 20))
        shaft = self.rod((0, -4, 62), (0, -8, 260), 15)
        return union(union(condyle, groove, 4), union(shaft, ellipsoid(self.at, (0, -2, 46), (36, 19, 44)), 14), 6)

    def paint(self) -> None:
        """Paint from outside in."""
        s, f, (x, y, z) = self.scene, self.f, self.at
        grain = 0.06 * s.field("grain", 5.0)
        flat = np.zeros_like(z)
        wall = ellipsoid((x, y, flat), (0, 2, 0), (54 + 0.05 * np.abs(z).max(), 54, 1)) - 0.045 * np.clip(
            z - 30, 0, None
        )
        s.lay(wall - f["fat"] - 2, "skin")
        s.lay(wall - f["fat"], "fat", LABELS["fat"], texture=grain)
        for start, end, radius in _MUSCLES:
            belly = intersection(self.rod(start, end, radius, self.sides) + s.field("bellies", 18.0), wall + 2)
            s.lay(belly, "muscle", LABELS["muscle"], texture=grain)
            s.lay(np.maximum(belly, 0.5 - 3 * np.abs(s.field("septa", 9.0))), "fat", within=0.5)
        s.lay(np.hypot(x - 2, y - 36) - 4.2, "flowing blood", LABELS["muscle"])
        tibia = self._tibia()
        self._fluid(tibia)
        self._ligaments()
        self._menisci(tibia)
        patella = intersection(ellipsoid(self.at, (0, -42, 33), (22, 10, 20)), -(self.femur - 4.6), 1.5)
        lower, front = 46 - z, -y - 2
        shell = f["cartilage"] * (1 - 0.95 * self.thin) * (1 + 0.12 * s.field("shell", 14.0))
        s.lay(np.maximum(self.femur - shell, -np.maximum(lower, front - 4)), "cartilage", LABELS["femoral cartilage"])
        s.lay(np.maximum(tibia - f["tibial"], -6.5 - z), "cartilage", LABELS["tibial cartilage"], within=1.0 * (z > -9))
        s.lay(np.maximum(patella - 2.3, -38.5 - y), "cartilage", LABELS["patellar cartilage"])
        for bone, label in ((tibia, "tibia"), (patella, "patella"), (self.femur, "femur"), (self._fibula(), "tibia")):
            s.lay(bone, "bone", LABELS[label])
            texture = 2.0 * grain + np.float32(f["marrow"] - 1)
            s.lay(bone + 1.5, "spongy bone", LABELS[label], texture=texture)

    def _tibia(self) -> Array:
        x, y, z = self.sides
        head = ellipsoid(self.sides, (0, 3, -24), (40, 27, 30))
        shaft = self.rod((0, 3, -46), (0, 6, -260), 13)
        cup = -5.2 + 0.006 * (np.square(x - 22) + np.square(y - 4)) * (x > 8) + 4 * np.exp(-np.square(x / 6))
        return intersection(union(head, shaft, 14), z - np.minimum(cup, -1.5), 1.0)

    def _fibula(self) -> Array:
        return union(self.rod((36, 14, -34), (34, 14, -260), 6.5), ellipsoid(self.at, (36, 14, -26), (8, 8, 9)), 4)

    def _fluid(self, tibia: Array) -> None:
        s, f = self.scene, self.f
        x, y, z = self.at
        space = np.maximum(np.maximum(self.femur - 3.4, tibia - 4), np.abs(z) - 7)
        s.lay(space, "synovial fluid", LABELS["fluid"])
        pouch = ellipsoid(self.at, (0, -30, 58), (20, 2 + f["effusion"], 20))
        s.lay(pouch, "synovial fluid", LABELS["fluid"])
        s.lay(np.maximum(np.maximum(self.femur - 3.0, -y - 34), 14 - z), "synovial fluid", LABELS["fluid"], within=0.5)

    def _ligaments(self) -> None:
        s = self.scene
        x, y, z = self.at
        thin: Points = (x * 0.4, y, z)
        for start, end, radius, at in (
            ((0, -47, 16), (0, -34, -34), 3.0, thin), ((0, -45, 52), (0, -30, 130), 3.4, thin),
            ((5, 14, 20), (-3, -10, -5), 3.6, self.at), ((-4, 4, 16), (1, 25, -8), 4.2, self.at),
            ((38, 6, 24), (35, 10, -28), 2.4, self.at), ((-38, 4, 24), (-34, 2, -34), 2.4, self.at),
        ):  # fmt: skip
            s.lay(
                self.rod(start, end, radius, at), "ligament", LABELS["ligament"], texture=0.2 * s.field("fibres", 5.0)
            )

    def _menisci(self, tibia: Array) -> None:
        s, f = self.scene, self.f
        x, y, z = self.sides
        rim = np.hypot((x - 22) * 1.25, y - 4)
        gap = np.maximum(-(self.femur - f["cartilage"] - 0.3), -(tibia - f["tibial"] - 0.3))
        ring = np.maximum(np.maximum(f["meniscus"] - rim, rim - 25), np.maximum(gap, np.abs(z + 1.5) - 4.2))
        s.lay(np.maximum(ring, 9 - x), "meniscus", LABELS["meniscus"])
