"""The spine: a chain of vertebrae and discs along a curve, and what lies around it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.scanned import Anatomy
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import ellipsoid, intersection
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"vertebra": 1, "disc": 2, "canal": 3, "sacrum": 4, "cord": 5, "muscle": 6, "fat": 7, "belly": 8}
NAMES = (*(f"L{k}" for k in range(5, 0, -1)), *(f"T{k}" for k in range(12, 0, -1)), *(f"C{k}" for k in range(7, 0, -1)))
GRADES = {"disc": 1, "abnormal disc": 2, "vertebra": 3, "abnormal vertebra": 4, "foramen": 5, "narrow foramen": 6}
FACTORS = (
    "width", "depth", "height", "rotation", "shift_x", "shift_y", "lordosis", "cobb", "phase", "marrow", "canal", "fat",
    "muscle", "along", "degenerated", "fractures", "slice",
)  # fmt: skip
# at L5, L1, T1 and C1: height of the body and of the disc below it, half width, half depth (mm)
_AT = (0, 4, 16, 23)
_HEIGHT, _DISC, _WIDE, _DEEP = (28, 26, 17, 13), (11, 9, 4.5, 4.5), (24, 20.5, 14, 9.5), (17, 15.5, 10.5, 7.5)
# how far back the spine leans (mm per mm) on its way up
_LEAN = ((0, 2, 4, 7, 11, 16, 19, 23), (-0.36, -0.06, 0.20, 0.18, 0.0, -0.32, -0.24, 0.06))
REGIONS = {"lumbar": (2, 220.0), "whole": (9, 700.0)}
# how far the scanner's middle lies from that body at most (mm): a whole spine may lose its last vertebra at either end
_ALONG = {"lumbar": 6.0, "whole": 45.0}


class Column(Anatomy):
    """One subject's spine: `centres` (24, 3) of the bodies in mm, `lean` and `tilt` of each, and its faults."""

    def __init__(self, scene: Scene, region: str, sick: bool, flexion: float = 0.0):
        super().__init__(scene.name, scene.axes, 1.2, 40.0)
        self.scene = scene
        name = scene.name
        self.f |= {
            "lordosis": self.about("lordosis", 1, 0.18), "cobb": abs(self.about("cobb", 0, 8)),
            "phase": self.between("phase", 0, 6.28), "marrow": self.about("marrow", 1, 0.15),
            "canal": self.about("canal", 8.2, 0.7), "fat": self.between("fat", 8, 34),
            "muscle": self.about("muscle", 1, 0.1),
            "along": self.between("along", -1, 1) * _ALONG[region],
        }  # fmt: skip
        k = np.arange(24)
        self.heights, self.discs, self.wide, self.deep = (
            np.interp(k, _AT, values) for values in (_HEIGHT, _DISC, _WIDE, _DEEP)
        )
        random = stream(*name, "faults")
        u = random.uniform(size=(24, 4))
        self.worn = np.where(u[:, 0] < 0.45, 0.25 * u[:, 1], 0.0)
        self.worn += 0.7 * ((u[:, 0] < 0.25) & sick) * (0.5 + 0.5 * u[:, 1])
        self.wedge = 0.2 + 0.3 * u[:, 2]
        self.wedge *= (u[:, 3] < 0.12) & sick
        middle = REGIONS[region][0]
        if sick and not (self.wedge[middle - 2 : middle + 3].any() or (self.worn[middle - 2 : middle + 3] > 0.3).any()):
            self.worn[middle] = 0.6
        self.narrow = (self.worn > 0.3) & (u[:, 1] > 0.3)
        self.discs = self.discs * (1 - 0.55 * np.clip(self.worn, 0, 1))
        self.f |= {
            "degenerated": float(self.worn.sum() + 0.01 * u[0, 0]),
            "fractures": float(self.wedge.sum() + 0.01 * u[1, 0]),
        }  # fmt: skip
        self._chain(middle, flexion)

    def _chain(self, middle: int, flexion: float) -> None:
        """Stack the bodies upwards along the curve."""
        f, k = self.f, np.arange(24)
        bent = -0.05 * flexion * (k - middle)
        self.lean = np.interp(k, *_LEAN) * f["lordosis"] + np.clip(bent, -0.4, 0.4)
        self.tilt = np.deg2rad(f["cobb"]) * np.sin(k * 0.45 + f["phase"]) * 0.6
        steps = self.heights + self.discs
        way = np.stack([np.sin(self.tilt), np.sin(np.arctan(self.lean)), np.cos(np.arctan(self.lean))], 1)
        half = 0.5 * (steps[:-1] + steps[1:])[:, None] * 0.5 * (way[:-1] + way[1:])
        places = np.concatenate([np.zeros((1, 3)), np.cumsum(half, 0)])
        self.centres = places - places[middle] + np.array([0.0, 0.0, f["along"]])

    def placed(self) -> Array:
        """The bodies' middles (24, 3) in the scanner (mm)."""
        f = self.f
        x, y, z = (self.centres * np.array([f["width"], f["depth"], f["height"]])).T
        c, s = np.cos(f["rotation"]), np.sin(f["rotation"])
        return np.stack([c * x - s * y + f["shift_x"], s * x + c * y + f["shift_y"], z], 1)

    def paint(self) -> None:
        """Paint the body around the spine, then the spine."""
        s, f, (x, y, z) = self.scene, self.f, self.at
        grain = 0.06 * s.field("grain", 5.0)
        line = np.interp(z, self.centres[:, 2], self.centres[:, 1])
        behind = y - line
        flat = np.zeros_like(z)
        front = ellipsoid((x, y + 60, flat), (0, 0, 0), (118, 62, 1))
        around = np.minimum(np.maximum(np.abs(x) - 140, np.maximum(behind - 75 - f["fat"], -60 - y)), front - 14)
        s.lay(around - 3, "skin")
        s.lay(around, "fat", LABELS["fat"], texture=grain)
        s.lay(front, "fat", LABELS["belly"], texture=grain)
        loops = s.field("loops", 18.0)
        s.lay(intersection(front + 14, (0.35 - loops) * 16), "bowel content", LABELS["belly"], texture=2 * grain)
        s.lay(intersection(front + 18, (1.3 - loops) * 16), "air", LABELS["belly"])
        back = np.maximum(np.abs(behind - 44) - 26 * f["muscle"], np.abs(x) - 62) + 2 * s.field("muscle", 25.0)
        streaks = 0.8 * np.exp(-np.square(s.field("streaks", 9.0) / 0.16))
        s.lay(np.maximum(back, 5 - np.abs(x)), "muscle", LABELS["muscle"], texture=grain)
        s.lay(np.maximum(back, 5 - np.abs(x)), "fat", within=streaks)
        psoas = np.hypot((np.abs(x) - 42) / 1.1, behind + 2) - 21
        s.lay(psoas, "muscle", LABELS["muscle"], texture=grain)
        aorta = np.hypot(x - 9, behind + self._ahead(z) + 13) - 9.5
        s.lay(aorta, "flowing blood", LABELS["belly"], texture=0.0)
        self._bones(grain)

    def _ahead(self, z: Array) -> Array:
        """How far ahead of the middle the bodies reach at a height."""
        return np.interp(z, self.centres[:, 2], self.deep)

    def _bones(self, grain: Array) -> None:
        s, f, shape = self.scene, self.f, self.scene.labels.shape
        x, y, z = (np.broadcast_to(p, shape) for p in self.at)
        bone, disc = np.full(shape, 50.0, np.float32), np.full(shape, 50.0, np.float32)
        self.numbers, self.grades = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
        wet, deep = np.ones(shape, np.float32), np.full(shape, 50.0, np.float32)
        up = self.axes[2] / f["height"]
        for k in range(24):
            cx, cy, cz = self.centres[k]
            half, a, b = self.heights[k] / 2, self.wide[k], self.deep[k]
            box = (slice(None), slice(None), slice(*np.searchsorted(up, (cz - half - 34, cz + half + 20))))
            if box[2].start >= box[2].stop:
                continue
            u, v0, w0 = x[box] - cx, y[box] - cy, z[box] - cz
            n = np.float32(np.hypot(1, self.lean[k]))
            w, v = (w0 + self.lean[k] * v0) / n - self.tilt[k] * u, (v0 - self.lean[k] * w0) / n
            round_ = ellipsoid((u, v, 0 * w), (0, 0, 0), (a, b, 1))
            lost = self.wedge[k] * half * 2 * np.clip(0.5 - 0.5 * v / b, 0, 1)
            waist = 2.2 * (1 - np.square(np.clip(w / half, -1, 1)))
            core = intersection(round_ + waist, np.maximum(w - half + lost, -w - half), 1.5)
            arch = self._arch(np.abs(u), v, w, a, b)
            near = np.minimum(core, arch)
            closer = near < bone[box]
            self.numbers[box][closer & (near < 0)] = k + 1
            self.grades[box][core < 0] = GRADES["abnormal vertebra" if self.wedge[k] else "vertebra"]
            np.minimum(bone[box], near, out=bone[box])
            low = -half - self.discs[k] / 2
            plate = intersection(round_ - 1.0 * (self.worn[k] > 0.3), np.abs(w - low) - self.discs[k] / 2, 1.0)
            better = plate < disc[box]
            self.grades[box][plate < 0] = GRADES["abnormal disc" if self.worn[k] > 0.3 else "disc"]
            hole = np.hypot((w - low - 2) / 1.3, v - b - 6) - (2.6 if self.narrow[k] else 5.0)
            self.grades[box][(np.maximum(hole, np.abs(np.abs(u) - a * 0.72) - 5) < 0) & (near > 0)] = GRADES[
                "narrow foramen" if self.narrow[k] else "foramen"
            ]
            wet[box] = np.where(better, 1 - 0.75 * np.clip(self.worn[k], 0, 1), wet[box])
            core_ = ellipsoid((u, v, w - low), (0, 0.1 * b, 0), (0.6 * a, 0.6 * b, 0.5 * self.discs[k]))
            deep[box] = np.where(better, core_, deep[box])
            np.minimum(disc[box], plate, out=disc[box])
        self._soft(disc, wet, deep)
        sacrum = self._sacrum()
        for shape_, label in ((sacrum, "sacrum"), (bone, "vertebra")):
            s.lay(shape_, "bone", LABELS[label])
            s.lay(shape_ + 1.6, "red marrow", LABELS[label], texture=2 * grain + np.float32(f["marrow"] - 1))
        self.numbers[s.labels != LABELS["vertebra"]] = 0

    @staticmethod
    def _arch(side: Array, v: Array, w: Array, a: float, b: float) -> Array:
        """Pedicles, laminae, transverse and spinous processes; what lies between is the canal."""
        s = a / 24
        pedicle = np.maximum(np.hypot(side - 0.72 * a, (w - 4 * s) / 1.4) - 4.5 * s, np.abs(v - b - 7 * s) - 9 * s)
        t = np.clip((v - b - 12 * s) / (12 * s), 0, 1)
        lamina = np.hypot(side - 0.72 * a * (1 - t), 0.5 * (w + 4 * s * t)) - 4.2 * s
        lamina = np.maximum(lamina, np.abs(v - b - 19 * s) - 9 * s)
        wing = np.maximum(np.hypot(v - b - 13 * s, w - 2 * s) - 4.5 * s, np.abs(side - 1.15 * a) - 0.5 * a)
        drop = w + 0.35 * (v - b - 24 * s)
        spine = np.maximum(np.maximum(side - 3.0 * s, np.abs(drop) - 10 * s), np.abs(v - b - 37 * s) - 14 * s)
        return np.minimum(np.minimum(pedicle, lamina), np.minimum(wing, spine))

    def _soft(self, disc: Array, wet: Array, deep: Array) -> None:
        """Canal with cerebrospinal fluid and cord, and the discs."""
        s, f = self.scene, self.f
        x, y, z = self.at
        line = np.interp(z, self.centres[:, 2], self.centres[:, 1])
        aside = np.interp(z, self.centres[:, 2], self.centres[:, 0])
        back = line + self._ahead(z) + f["canal"] - 1
        low = self.centres[:, 2] - self.heights / 2
        pinched = sum(2.6 * np.exp(-np.square((z - low[k]) / 5)) for k in np.flatnonzero(self.narrow))
        tube = np.hypot(x - aside, y - back)
        s.lay(tube - f["canal"] - 1.5, "fat", LABELS["canal"])
        s.lay(tube - f["canal"] + pinched, "csf", LABELS["canal"])
        conus = self.centres[4, 2]
        taper = np.clip((z - conus + 10) / 25, 0, 1)
        s.lay(np.maximum(tube - 4.6 * taper, conus - 12 - z), "cord", LABELS["cord"])
        roots = 1.2 - np.hypot(s.field("roots", 4.0), 0.6 * s.field("roots across", 30.0)) * 2
        s.lay(np.maximum(-roots, np.maximum(tube - f["canal"] + 3, z - conus)), "cord", LABELS["canal"], within=0.7)
        s.lay(disc, "disc annulus", LABELS["disc"])
        s.lay(np.maximum(deep, disc + 0.8), "disc nucleus", LABELS["disc"], texture=wet - 1)

    def _sacrum(self) -> Array:
        """Fused bodies below the lowest disc, leaning back."""
        x, y, z = self.at
        low = self.centres[0] - np.array([0, 0, self.heights[0] / 2 + self.discs[0]])
        depth = low[2] - z
        lean = np.float32(0.75 * self.f["lordosis"])
        v, w = y - low[1] - lean * depth, np.clip(depth, -50, 110)
        shape = ellipsoid((x, v, 0 * w), (0, 4, 0), (40, 15, 1)) + np.clip(w - 10, 0, None) * 0.17
        return np.maximum(np.maximum(shape, -depth - 0.30 * v), depth - 105)
