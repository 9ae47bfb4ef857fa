"""What a pelvis is made of, from the iliac crests to the thighs."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.scanned import Anatomy
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import Points, ellipsoid, intersection, union
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {
    "fat": 1, "muscle": 2, "hip bone": 3, "femur": 4, "sacrum": 5, "bladder": 6, "prostate": 7, "rectum": 8,
    "cavity": 9, "seminal vesicle": 10, "vessel": 11,
}  # fmt: skip
# a seed (x, y, z) of each muscle's territory on one side, and its weight in mm^2
MUSCLES: dict[str, tuple[tuple[float, float, float], float]] = {
    "gluteus maximus": ((98, 88, -5), 900), "gluteus medius": ((142, 14, 45), 500),
    "gluteus minimus": ((122, -8, 40), 0), "iliopsoas": ((66, -44, 12), 300), "rectus femoris": ((104, -58, -25), 100),
    "tensor fasciae latae": ((142, -42, 0), 0), "sartorius": ((102, -84, 5), -200),
    "obturator internus": ((56, 18, -5), 100), "pectineus": ((62, -52, -38), 0), "adductors": ((58, -18, -85), 300),
    "vastus": ((132, -22, -75), 500), "hamstrings": ((86, 46, -85), 300),
}  # fmt: skip
FACTORS = (
    "width", "depth", "height", "rotation", "shift_x", "shift_y", "subcutaneous", "head", "neck", "bladder", "gas",
    "rectum", "prostate", "muscle", "metastasis", "slice",
)  # fmt: skip
# rods of the bony ring, one side: start, end, radius
_RODS = (
    ((76, -26, 8), (12, -60, -18), 8.5), ((10, -58, -34), (52, 22, -62), 7.0), ((74, 26, 8), (58, 38, -52), 13.0),
)  # fmt: skip


class Fracture(NamedTuple):
    """A broken neck of the femur on one side (1 the left): displacement (mm) and bend (radians)."""

    side: int
    shift: float
    angle: float

    @classmethod
    def of(cls, name: tuple[int | str, ...]) -> "Fracture":
        """Draw a subject's."""
        u = stream(*name, "fracture").uniform(size=3)
        return cls(1 if u[0] < 0.5 else -1, float(1 + 7 * u[1]), float(np.deg2rad(4 + 18 * u[2])))


class Hips(Anatomy):
    """One subject's pelvis in a scene; `session` is how much bladder and rectum differ from the first session's."""

    def __init__(self, scene: Scene, session: float, fracture: Fracture | None = None):
        super().__init__(scene.name, scene.axes, 3.0)
        self.scene, self.session, self.fracture = scene, session, fracture
        self.f |= {
            "subcutaneous": self.between("fat", 12, 34), "head": self.about("head", 24.5, 1.4),
            "neck": self.about("neck", 14, 1), "bladder": self._volume("bladder", 0.85, 1.35),
            "gas": self._volume("gas", 0.2, 0.9), "rectum": self._volume("rectum", 0.8, 1.3),
            "prostate": self.between("prostate", 0.85, 1.35), "muscle": self.about("muscle", 1, 0.06),
            "metastasis": self.between("metastasis", 5, 10),
        }  # fmt: skip
        x, y, z = self.at
        self.sides: Points = (np.abs(x), y, z)
        self.muscles = np.zeros_like(scene.labels)

    def _volume(self, what: str, low: float, high: float) -> float:
        """A number that is another in the other session, by up to 1 + session times."""
        plain = self.between(what, low, high)
        return plain * (1 + self.session) ** self.between(f"{what} later", -1, 1) if self.session else plain

    def paint(self) -> None:
        """Paint the pelvis from outside in."""
        s, f, (x, y, z) = self.scene, self.f, self.at
        grain = 0.06 * s.field("grain", 5.0)
        skin = self._outline()
        s.lay(skin, "skin")
        s.lay(skin + 2.5, "fat", LABELS["fat"], texture=grain)
        more = 0.5 * np.clip(y, 0, None) / 100 + 0.9 * np.exp(-np.square(x / 55)) * np.clip(-y / 100, 0, 1)
        self.wall = skin + np.float32(f["subcutaneous"]) * (1 + more + 0.25 * s.field("fat", 60.0)) + 2.5
        s.lay(self.wall, "muscle", LABELS["muscle"], texture=grain)
        self._muscles()
        cavity = ellipsoid(self.at, (0, 8, 30), (60, 66, 74))
        bottom = intersection(ellipsoid(self.at, (0, 8, -20), (46, 52, 46)), cavity + 200, 1)
        self.cavity = union(cavity, bottom, 8)
        s.lay(intersection(self.cavity, self.wall + 4), "fat", LABELS["cavity"], texture=grain)
        if float(z.max()) > 14:
            self._bowel(grain)
        self._vessels()
        self._bones()
        self._organs(grain)

    def _outline(self) -> Array:
        x, y, z = self.at
        flat = np.zeros_like(z)
        waist = 1 + 0.0009 * np.clip(z - 10, -60, 120)
        trunk = ellipsoid((x * waist, y + 4, flat), (0, 0, 0), (183, 118, 1))
        legs = ellipsoid((np.abs(x), y, flat), (92, 6, 0), (88, 94, 1))
        return union(intersection(trunk, -62 - z, 20), intersection(legs, z - 0, 20), 14)

    def _muscles(self) -> None:
        """Share the muscle out between its territories, with fat between them."""
        x, y, z = (np.broadcast_to(p, self.muscles.shape) for p in self.sides)
        wave = [5 * self.scene.field(f"bellies {k}", 28.0) for k in range(2)]
        powers, seeds = [], []
        for name, ((a, b, c), weight) in MUSCLES.items():
            a, b = a + self.about(f"{name} x", 0, 3), b + self.about(f"{name} y", 0, 3)
            powers.append(np.square(x + wave[0] - a) + np.square(y + wave[1] - b) + 0.5 * np.square(z - c) - weight)
            seeds.append((a, b, 0.7 * c))
        stacked = np.stack(powers)
        first, nearest = stacked.argmin(0), stacked.min(0)
        np.put_along_axis(stacked, first[None], np.inf, 0)
        second, next_ = stacked.argmin(0), stacked.min(0)
        table = np.array(seeds, np.float32)
        apart = np.linalg.norm(table[:, None] - table[None], axis=-1) + 1e-3
        border = (next_ - nearest) / (2 * apart[first, second])
        plain = 1.1 + 0.5 * (2 - self.f["muscle"]) * (1 + 0.5 * self.scene.field("septa", 20.0))
        inside = np.clip(0.5 - (self.wall + 2) / self.scene.voxel, 0, 1)
        self.scene.lay(border - plain, "fat", within=0.85 * inside)
        right = np.broadcast_to(self.at[0], first.shape) < 0
        muscle = self.scene.labels == LABELS["muscle"]
        self.muscles[muscle] = np.where(right, first + 1, first + 1 + len(MUSCLES))[muscle]

    def _bowel(self, grain: Array) -> None:
        """The belly above the bladder, with loops of bowel in its fat."""
        s = self.scene
        belly = intersection(ellipsoid(self.at, (0, -14, 108), (112, 72, 92)), self.wall + 9, 4)
        s.lay(belly, "fat", LABELS["cavity"], texture=grain)
        loops = s.field("loops", 16.0)
        inside = intersection(belly + 5, (0.1 - loops) * 15, 3)
        s.lay(inside, "bowel wall", LABELS["cavity"])
        s.lay(inside + 3, "bowel content", LABELS["cavity"], texture=2 * grain)
        s.lay(intersection(inside + 4, (1.35 - loops) * 15), "air", LABELS["cavity"])

    def _vessels(self) -> None:
        for name, centre, radius in (("artery", (64, -70), 4.6), ("vein", (53, -66), 5.6)):
            x, y, z = self.sides
            lean = 0.35 * np.clip(z, -30, 80)
            tube = np.hypot(x - centre[0] + lean * 0.2, y - centre[1] - lean) - np.float32(radius)
            self.scene.lay(tube - 3, "fat", within=1.0 * (self.wall < -3))
            self.scene.lay(tube, "flowing blood", LABELS["vessel"], within=1.0 * (self.wall < -3), texture=0.0)
            self.about(name, 0, 1)

    def _bones(self) -> None:
        s, f, at = self.scene, self.f, self.sides
        x, y, z = at
        head = ellipsoid(at, (88, 0, 0), (f["head"],) * 3)
        socket = intersection(ellipsoid(at, (85, 0, 3), (38, 38, 37)), -(head - 3.5), 1.5)
        socket = intersection(socket, (x - 84) * 0.8 + 0.25 * y - 4 - 0.35 * z, 3)
        hip = socket
        for start, end, radius in _RODS:
            hip = union(hip, self.rod(start, end, radius, at), 6)
        if float(z.max()) > 12:
            t = np.clip((y + 38) / 108, 0, 1)
            along = 112 + 0.22 * np.clip(z, 0, None) - (66 + 0.2 * np.clip(z, 0, None)) * t
            blade = (np.abs(x - along) * 0.84 - (5.5 + 5 * np.square(2 * t - 1))).astype(np.float32)
            blade = np.maximum(np.maximum(blade, -(y + 46)), y - 74)
            crest, notch = 112 - 62 * np.square(1.7 * t - 0.75), 22 + 34 * np.clip(t - 0.5, 0, 1) / 0.5
            hip = union(hip, np.maximum(blade, np.maximum(notch - z, z - crest)), 6)
        self._bone(hip, "hip bone")
        s.lay(np.maximum(np.maximum(x - 3.2, np.abs(y + 60) - 11), np.abs(z + 24) - 18), "cartilage", within=1.0)
        sacrum = ellipsoid(self.at, (0, 92 - 0.0, 70), (46, 19, 62))
        tail = self.rod((0, 90, 20), (0, 74, -18), 7)
        sacrum = union(sacrum, tail, 8) + 0.8 * s.field("sacrum", 12.0)
        self._bone(sacrum, "sacrum")
        if float(z.max()) > 25:
            s.lay(np.maximum(ellipsoid(self.at, (0, 98, 75), (11, 6, 58)), 24 - z), "csf")
        femur = self._femur(at)
        if self.fracture:
            femur = np.where(np.sign(self.at[0]) == self.fracture.side, self._displaced(at, femur), femur)
        self._bone(femur, "femur")

    def _femur(self, at: Points) -> Array:
        """Head, neck, trochanter and shaft of one side."""
        head = ellipsoid(at, (88, 0, 0), (self.f["head"],) * 3)
        femur = union(head, self.rod((88, 0, 0), (126, 8, -22), self.f["neck"], at), 4)
        femur = union(femur, ellipsoid(at, (136, 12, -14), (15, 19, 21)), 5)
        return union(femur, self.rod((127, 10, -42), (114, 4, -230), 15.5, at), 8)

    def _displaced(self, at: Points, whole: Array) -> Array:
        """The femur broken across its neck: what lies beyond the break moves up and turns in."""
        assert self.fracture is not None
        x, y, z = at
        way = np.array([0.85, 0.18, -0.49], np.float32)
        beyond = way[0] * (x - 112) + way[1] * (y - 5) + way[2] * (z + 14)
        beyond = beyond + 1.5 * self.scene.field("break", 7.0)
        c, n = np.float32(np.cos(self.fracture.angle)), np.float32(np.sin(self.fracture.angle))
        u, w = x - 112, z + 14 - np.float32(self.fracture.shift)
        far = self._femur((c * u + n * w + 112, y, c * w - n * u - 14))
        return np.minimum(np.maximum(whole, beyond + 0.8), np.maximum(far, 0.8 - beyond))

    @property
    def broken(self) -> tuple[float, float]:
        """Where the break lies in the scanner: x and z (mm)."""
        f = self.f
        side = self.fracture.side if self.fracture else 1
        x, y = side * 112 * f["width"], 5 * f["depth"]
        return float(np.cos(f["rotation"]) * x - np.sin(f["rotation"]) * y + f["shift_x"]), -14 * f["height"]

    def _bone(self, distance: Array, label: str) -> None:
        """Cortex outside, spongy bone within."""
        grain = 0.18 * self.scene.field("spongy", 4.0)
        self.scene.lay(distance, "bone", LABELS[label])
        marrow = "red marrow" if label == "sacrum" else "spongy bone"
        self.scene.lay(distance + 3.0, marrow, LABELS[label], texture=grain)

    def _organs(self, grain: Array) -> None:
        s, f = self.scene, self.f
        x, y, z = self.at
        gut = np.float32(0.2) * np.clip(z - 10, 0, 60)
        tube = np.hypot(x - 4 * s.field("rectum x", 40.0), (y - 47 - gut) * 1.15) - 17 * f["rectum"]
        tube = np.maximum(tube, z - 120)
        s.lay(tube, "bowel wall", LABELS["rectum"], within=1.0 * (z > -58))
        s.lay(tube + 4, "bowel content", LABELS["rectum"], within=1.0 * (z > -54), texture=2 * grain)
        gas = intersection(tube + 5, y - gut - 47 - 14 * (2 * f["gas"] - 1.1) + 4 * s.field("gas", 14.0), 2)
        s.lay(gas, "air", LABELS["rectum"], within=1.0 * (z > -50))
        size = f["bladder"]
        bladder = ellipsoid((x, y + 0.12 * z, z), (0, -24, 22 + 8 * size), (38 * size, 27 * size, 30 * size))
        s.lay(bladder, "bowel wall", LABELS["bladder"])
        s.lay(bladder + 3.2, "urine", LABELS["bladder"])
        for side in (-1, 1):
            vesicle = ellipsoid((x, y - 0.15 * np.abs(x), z), (side * 17, 14, 3), (18, 6.5, 8))
            vesicle = intersection(vesicle + 2.2 * s.field("tubules", 4.0), -bladder)
            s.lay(vesicle, "seminal vesicle", LABELS["seminal vesicle"])
        k = f["prostate"]
        gland = intersection(ellipsoid(self.at, (0, -2, -21), (25 * k, 19 * k, 21 * k)), -bladder, 2)
        s.lay(gland, "prostate periphery", LABELS["prostate"])
        inner = ellipsoid(self.at, (0, -7, -18), (18 * k, 13 * k, 17 * k)) + 1.5 * s.field("nodules", 7.0)
        s.lay(intersection(inner, gland + 2), "prostate transition", LABELS["prostate"], texture=3 * grain)
