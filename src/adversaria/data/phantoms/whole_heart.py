"""MR and CT of the whole heart in axial planes: four chambers, myocardium and great vessels in a chest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.scanned import Anatomy, Scanned
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import Points, ellipsoid, intersection, union
from adversaria.data.phantoms.tissues import Tissue

Array = NDArray[Any]

LABELS = {
    "left ventricle": 1, "myocardium": 2, "right ventricle": 3, "left atrium": 4, "right atrium": 5, "aorta": 6,
    "pulmonary artery": 7,
}  # fmt: skip
FACTORS = (
    "width", "depth", "height", "rotation", "shift_x", "shift_y", "radius", "length", "wall", "right", "left_atrium",
    "right_atrium", "aorta", "turn", "fat", "pericardium", "slice",
)  # fmt: skip
_BLOOD = Tissue(1932, 275, 45, 0.95, 48.0, 1.6)
# the long axis from base to apex, and the way from the left to the right ventricle
_LONG, _RIGHT = np.array([0.64, -0.62, -0.455]), np.array([-0.695, -0.719, 0.0])
_BASE = (2.0, 2.0, 16.0)
# rods of blood: what, start, end, radius, before the subject's size
_VESSELS: tuple[tuple[str, str, tuple[float, float, float], tuple[float, float, float], float], ...] = (
    ("right atrium", "right blood", (-42, -6, 22), (-40, -4, 110), 9.5),
    ("right atrium", "right blood", (-38, 8, -22), (-34, 18, -110), 11),
    ("left atrium", "left blood", (-20, 32, 18), (-62, 40, 12), 6),
    ("left atrium", "left blood", (16, 34, 20), (58, 44, 16), 6),
    ("pulmonary artery", "lung blood", (4, -40, 26), (10, -22, 56), 12.5),
    ("pulmonary artery", "lung blood", (8, -16, 56), (-56, 14, 50), 9.5),
    ("pulmonary artery", "lung blood", (10, -16, 58), (56, 22, 62), 9.5),
    ("aorta", "artery blood", (-4, -8, 16), (-22, -22, 64), 14.5),
    ("aorta", "artery blood", (-22, -22, 64), (20, 48, 84), 13),
    ("aorta", "artery blood", (22, 58, 84), (18, 60, -130), 11.5),
)


class WholeHeart(Scanned):
    """Whole heart in MR (`mr`, balanced) and CT in HU with arterial contrast agent, axial, of one subject on one grid.

    Heights are in mm about the middle of the heart. The share `prevalence` has a thickened left wall (`label`: normal
    or hypertrophy). Words also: `mask` (LABELS, seven structures), `factors`. For the beating heart in its short axis
    see Heart.
    """

    modalities = ("mr", "ct")
    painted = ("bssfp", "ct")
    words = ("mr", "ct", "mask", "factors", "label")
    units = {"mr": "arbitrary", "ct": "HU", "mask": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("normal", "hypertrophy")
    field_of_view = 300.0
    heights = (-18.0, 30.0)
    own = {
        "left blood": _BLOOD._replace(hu=360), "artery blood": _BLOOD._replace(hu=370),
        "right blood": _BLOOD._replace(hu=180), "lung blood": _BLOOD._replace(hu=270),
        "perfused muscle": Tissue(1471, 47, 28, 0.85, 110.0, 4.0), "effusion": Tissue(4000, 1200, 500, 1.0, 12.0, 0.5),
    }  # fmt: skip

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint chest and heart."""
        heart = _Heart(scene, sick)
        heart.chest()
        heart.heart()
        return heart.f, {"label": int(sick)}


class _Heart(Anatomy):
    def __init__(self, scene: Scene, thick: bool):
        super().__init__(scene.name, scene.axes, 2.5)
        self.scene = scene
        self.f |= {
            "radius": self.about("radius", 24, 2), "length": self.about("length", 84, 5),
            "wall": self.about("wall", 9, 1) + (self.between("thick", 3, 7) if thick else 0.0),
            "right": self.about("right", 1, 0.08), "left_atrium": self.about("left atrium", 1, 0.09),
            "right_atrium": self.about("right atrium", 1, 0.09), "aorta": self.about("aorta", 1, 0.08),
            "turn": self.about("turn", 0, 0.12), "fat": self.between("fat", 6, 24),
            "pericardium": self.between("pericardium", 3, 9),
        }  # fmt: skip
        self.own = self._framed()

    def _framed(self) -> Points:
        """Coordinates of the heart: towards the right ventricle, across, and from base to apex."""
        c, s = np.cos(self.f["turn"]), np.sin(self.f["turn"])
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        across = np.cross(_LONG, _RIGHT)
        frame = np.stack([_RIGHT, across, _LONG]) @ turn
        away = [p - np.float32(b) for p, b in zip(self.at, _BASE, strict=True)]
        u, v, w = (way[0] * away[0] + way[1] * away[1] + way[2] * away[2] for way in frame.astype(np.float32))
        return u, v, w

    def chest(self) -> None:
        s, f, (x, y, z) = self.scene, self.f, self.at
        grain, flat = 0.05 * s.field("grain", 5.0), np.zeros_like(z)
        wall = ellipsoid((x, y, flat), (0, 0, 0), (150, 102, 1))
        skin = wall - np.float32(f["fat"]) * (1 + 0.3 * s.field("fat", 60.0))
        s.lay(skin, "skin")
        s.lay(skin + 2, "fat", texture=grain)
        s.lay(wall, "muscle", texture=grain)
        s.lay(intersection(wall + 4, -wall - 8 + 4 * s.field("layers", 30.0)), "fat", within=0.8)
        phase = ((z - 0.6 * y + self.about("rib phase", 0, 8)) % 25.0) - 12.5
        rib = np.sqrt(np.square(phase / 1.4) + np.square(wall + 11)) - 6
        rib = np.maximum(rib, 16 - np.abs(x) + 8 * (y > 0))
        breastbone = ellipsoid((x, y, flat), (0, -92, 0), (17, 6, 1))
        for bone in (rib, breastbone):
            s.lay(bone, "bone")
            s.lay(bone + 2.4, "spongy bone", texture=3 * grain)
        lung = ellipsoid((np.abs(x), y, flat), (66, 2, 0), (66, 84, 1))
        lung = intersection(intersection(lung, wall + 18, 4), 12 - np.abs(x) - 0.1 * y, 6)
        s.lay(lung, "lung", texture=0.03 * s.field("lung", 12.0))
        tubes = np.exp(-np.square(s.field("lung vessels", 12.0) / 0.10)) * np.exp(
            -np.square(s.field("run", 16.0) / 0.5)
        )
        s.lay(intersection(lung + 4, (0.45 - tubes) * 6), "lung blood")
        s.lay(intersection(ellipsoid(self.at, (-62, -8, -96), (84, 84, 62)), wall + 17, 3), "liver", texture=grain)
        body = ellipsoid((x, y, flat), (0, 82, 0), (20, 17, 1))
        s.lay(np.minimum(body, ellipsoid((x, y, flat), (0, 108, 0), (24, 10, 1))), "bone")
        s.lay(body + 2.5, "red marrow", texture=3 * grain)
        s.lay(ellipsoid((x, y, flat), (0, 104, 0), (8, 7, 1)), "csf")

    def heart(self) -> None:
        s, f, (u, v, w) = self.scene, self.f, self.own
        depth = np.maximum(w, 0)
        half: Points = (u, v, depth)
        outer = f["radius"] + f["wall"]
        left = intersection(ellipsoid(half, (0, 0, 0), (outer, outer, f["length"] + f["wall"])), -w - 4, 2)
        cavity = ellipsoid(half, (0, 0, 0), (f["radius"], f["radius"], f["length"]))
        cavity = intersection(cavity, -w - 2, 2)
        k = f["right"]
        right = ellipsoid(half, (27 * k, -6, 0), (31 * k, 38 * k, 0.9 * f["length"]))
        right = intersection(right, -w - 2, 2)
        outflow = self.rod((-14, -42, 6), (4, -40, 28), 15 * k)
        right = union(right, outflow, 8)
        atria = {
            "left atrium": self.organ("la", (-6, 30, 20), (35, 21, 27), f["left_atrium"], 0.15),
            "right atrium": self.organ("ra", (-46, 0, 2), (24, 29, 33), f["right_atrium"]),
        }
        tubes = {
            label: [(tissue, self.rod(a, b, r * (f["aorta"] if label == "aorta" else 1)))
                    for name, tissue, a, b, r in _VESSELS if name == label]
            for label in LABELS
        }  # fmt: skip
        whole = union(union(left, right - 3, 5), np.minimum(*atria.values()) - 2, 10)
        s.lay(whole - np.float32(f["pericardium"]) + 1.5 * s.field("fat pad", 25.0), "fat", 0)
        s.lay(right - 3, "perfused muscle", 0)
        s.lay(right, "right blood", LABELS["right ventricle"])
        for shape in atria.values():
            s.lay(shape - 2.2, "perfused muscle", 0)
        for label in ("right atrium", "left atrium", "pulmonary artery", "aorta"):
            for _, tube in tubes[label]:
                s.lay(tube - 1.8, "perfused muscle", 0)
        for label in ("pulmonary artery", "right atrium", "left atrium", "aorta"):
            tissue = tubes[label][0][0]
            shape = min_of([tube for _, tube in tubes[label]])
            shape = np.minimum(shape, atria[label]) if label in atria else shape
            s.lay(shape, tissue, LABELS[label])
        s.lay(left, "perfused muscle", LABELS["myocardium"], texture=0.05 * s.field("muscle", 6.0))
        s.lay(cavity, "left blood", LABELS["left ventricle"])
        valve = intersection(
            intersection(atria["left atrium"] - 5, np.hypot(u, v) - 0.7 * f["radius"]), np.abs(w + 2) - 6
        )
        s.lay(valve, "left blood", LABELS["left ventricle"])
        ring = intersection(right - 7, atria["right atrium"] - 7)
        s.lay(intersection(ring, -left), "right blood", LABELS["right atrium"])
        for angle in (1.2, -1.9):
            out = 0.62 * f["radius"]
            place = (out * np.cos(angle), out * np.sin(angle), 0.5 * f["length"])
            muscle = intersection(ellipsoid(self.own, place, (4.5, 4.5, 20)), cavity)
            s.lay(muscle, "perfused muscle", LABELS["left ventricle"])


def min_of(shapes: list[Array]) -> Array:
    """The union of several shapes."""
    found = shapes[0]
    for shape in shapes[1:]:
        found = np.minimum(found, shape)
    return found
