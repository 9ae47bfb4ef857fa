"""Ultrasound of a fetus from any pose of the probe: the plane is cut out of one anatomy, whatever the pose."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import Points, ellipsoid
from adversaria.data.phantoms.sheet import Sheet
from adversaria.data.phantoms.ultrasound import MACHINES, Probe, b_mode
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {
    "fluid": 1, "uterus": 2, "skull": 3, "brain": 4, "ventricle": 5, "thalamus": 6, "falx": 7, "body": 8, "spine": 9,
    "heart": 10, "stomach": 11, "bladder": 12, "limb": 13, "femur": 14, "placenta": 15,
}  # fmt: skip
FACTORS = (
    "place_x",
    "place_y",
    "place_z",
    "turn_x",
    "turn_y",
    "turn_z",
    "depth",
    "gain",
    "size",
    "warp",
    "grain",
    "angle",
)
PLANES = ("head", "trunk", "other")
# (label, echogenicity in dB, attenuation in dB / cm / MHz, impedance), painted in this order: centre, half axes (mm)
_ECHO = {
    1: (-42, 0.02, 1.50), 2: (-6, 0.6, 1.62), 3: (6, 6.0, 2.6), 4: (-20, 0.4, 1.56), 5: (-36, 0.05, 1.51),
    6: (-26, 0.4, 1.57), 7: (-4, 0.5, 1.66), 8: (-8, 0.5, 1.60), 9: (7, 7.0, 2.6), 10: (-24, 0.4, 1.58),
    11: (-40, 0.02, 1.50), 12: (-40, 0.02, 1.50), 13: (-10, 0.5, 1.60), 14: (8, 8.0, 2.7), 15: (-3, 0.5, 1.61),
}  # fmt: skip
_ORGANS: tuple[tuple[str, tuple[float, float, float], tuple[float, float, float]], ...] = (
    ("placenta", (0, 62, 20), (70, 20, 60)), ("body", (0, 4, -78), (37, 34, 48)), ("limb", (44, -18, -70), (9, 9, 32)),
    ("limb", (30, -26, -124), (13, 12, 34)), ("limb", (-30, -26, -124), (13, 12, 34)),
    ("femur", (30, -26, -124), (3, 3, 25)),
    ("femur", (-30, -26, -124), (3, 3, 25)), ("heart", (6, -10, -56), (14, 13, 14)),
    ("stomach", (14, -6, -84), (9, 7, 9)),
    ("bladder", (0, -16, -112), (8, 7, 8)), ("skull", (0, 0, 0), (37, 46, 36)),
    ("brain", (0, 0, 0), (34.4, 43.4, 33.4)),
    ("falx", (0, -2, 4), (0.9, 41, 29)), ("thalamus", (7, 4, -2), (6, 9, 7)), ("thalamus", (-7, 4, -2), (6, 9, 7)),
    ("ventricle", (11, -14, 8), (3.5, 14, 6)), ("ventricle", (-11, -14, 8), (3.5, 14, 6)),
    ("ventricle", (0, 30, -10), (12, 8, 8)),
)  # fmt: skip


class Fetal(Phantom):
    """Obstetric ultrasound (0 to 1) of one fetus a population: a subject is a pose of the probe.

    The first six factors are the pose: the place (mm) of the plane's middle in the fetus, and its turns (radians).
    `places` (3, *S) are the coordinates of every pixel in the fetus in units of 100 mm, a condition that fixes the
    picture; `landmarks` (6, 4) are points of the fetus as row, column, distance from the plane (mm) and 1 where they
    are within 3 mm of it. `label` tells a plane of the head, of the trunk, or another. `domain` is the machine,
    `noise` 0 is without speckle. Words also: `image`, `mask` (LABELS), `fov`, `factors`.
    """

    words = ("image", "places", "mask", "fov", "landmarks", "factors", "label")
    units = {
        "image": "relative", "places": "relative", "mask": "labels", "fov": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = PLANES

    def __init__(self, size: int = 128, dims: int = 2, domain: str = "a", noise: float = 1.0, seed: int = 0):
        if domain not in MACHINES:
            raise ValueError(f"there is no machine '{domain}'; there are {', '.join(MACHINES)}")
        super().__init__(size, dims, 190.0 / size, seed)
        self.domain, self.noise = domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make the picture of one pose."""
        name = self.named(subject)
        f = _factors(name)
        frame, middle = _frame(f), np.array([f["place_x"], f["place_y"], f["place_z"]])
        probe = Probe(0.0, -128.0, np.pi / 2, np.deg2rad(64), 48.0, f["depth"])
        parts = self._parts(*_space(probe.points, frame, middle))
        echo, loss, hard = (np.array([0, *(_ECHO[k][j] for k in range(1, 16))], np.float32)[parts] for j in range(3))
        speckle = min(1.0, self.noise)
        image = b_mode(
            echo + f["gain"], loss, probe, MACHINES[self.domain], stream(*name, "speckle"), speckle, hard, self.noise
        )
        s = Sheet(name, self.size, self.spacing, 130.0)
        seen = probe.cells(s.x, s.y)[2]
        places = np.stack(np.broadcast_arrays(*_space((s.x, s.y), frame, middle)))
        mask = self._parts(*places) * seen
        return {
            "image": probe.shown(image, s.x, s.y)[None].astype(np.float32), "places": (places / 100).astype(np.float32),
            "mask": mask[None].astype(np.int16), "fov": seen[None].astype(np.int16),
            "landmarks": self._landmarks(frame, middle), "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": 0 if _near(f, 0, 36) else 1 if _near(f, -80, 44) else 2,
        }  # fmt: skip

    def _parts(self, x: Array, y: Array, z: Array) -> NDArray[np.int16]:
        """Labels of places in the fetus."""
        grown = stream("Fetal", self.seed, "organs").normal(1, 0.04, (len(_ORGANS), 3)).clip(0.9, 1.1)
        wave = 1.2 * np.sin(x / 11 + self.seed) + 1.2 * np.sin(y / 13) + np.sin(z / 9)
        at: Points = (x, y, z)
        mask = np.full(x.shape, LABELS["fluid"], np.int16)
        mask[np.hypot(np.hypot(x / 92, (y - 4) / 82), (z + 45) / 150) > 1 + 0.01 * wave] = LABELS["uterus"]
        for (organ, centre, axes), size in zip(_ORGANS, grown, strict=True):
            near = [p - c for p, c in zip(at, centre, strict=True)]
            reach = max(axes) * 1.15
            close = np.abs(near[0]) < reach
            close &= (np.abs(near[1]) < reach) & (np.abs(near[2]) < reach)
            if not close.any():
                continue
            inside = ellipsoid((x[close], y[close], z[close]), centre, [a * k for a, k in zip(axes, size, strict=True)])
            rough = {"skull": 0.0, "brain": 0.0, "falx": 0.0, "femur": 0.0}.get(organ, 0.6)
            spot = mask[close]
            spot[inside + rough * wave[close] < 0] = LABELS[organ]
            mask[close] = spot
        beads = np.hypot(np.hypot(x, y - 30 + 0.0018 * np.square(z + 78)), 0.9 * ((z + 3) % 7.5 - 3.75))
        mask[(beads < 3.6) & (z < -30) & (z > -124)] = LABELS["spine"]
        return mask

    def _landmarks(self, frame: Array, middle: Array) -> Array:
        points = np.array([(0, -46, 0), (0, 46, 0), (37, 0, 0), (-37, 0, 0), (6, -10, -56), (14, -6, -84)], float)
        local = (points - middle) @ frame
        pixels = local[:, :2] / self.spacing + (self.size - 1) / 2
        close = np.abs(local[:, 2]) < 3
        return np.stack([pixels[:, 1], pixels[:, 0], local[:, 2], close], 1).astype(np.float32)


def _factors(name: tuple[int | str, ...]) -> dict[str, float]:
    """A pose near one of the planes that are looked for, and the machine's settings."""
    u = stream(*name, "pose").uniform(-1, 1, 7)
    n = stream(*name, "settings").uniform(0, 1, 6)
    level = (0.0, -82.0, -40.0)[int(1.5 * (u[6] + 1)) % 3]
    return {
        "place_x": 14 * u[0], "place_y": 12 * u[1], "place_z": level + 16 * u[2], "turn_x": 0.5 * u[3],
        "turn_y": 0.4 * u[4],
        "turn_z": np.pi * u[5], "depth": 160 + 14 * n[0], "gain": 5 * (n[1] - 0.5), "size": 1.0 + 0.001 * n[2],
        "warp": n[3],
        "grain": n[4], "angle": n[5],
    }  # fmt: skip


def _near(f: dict[str, float], level: float, reach: float) -> bool:
    return abs(f["place_z"] - level) < reach / 2 and abs(f["turn_x"]) + abs(f["turn_y"]) < 0.6


def _frame(f: dict[str, float]) -> Array:
    """Columns: the picture's right, its down, and out of it, in the fetus."""
    (a, b, c), (p, q, r) = (
        [fn(f[k]) for k in ("turn_x", "turn_y", "turn_z")] for fn in (np.cos, np.sin)
    )  # fmt: skip
    x = np.array([[1, 0, 0], [0, a, -p], [0, p, a]])
    y = np.array([[b, 0, q], [0, 1, 0], [-q, 0, b]])
    z = np.array([[c, -r, 0], [r, c, 0], [0, 0, 1]])
    return z @ y @ x


def _space(plane: tuple[Array, Array], frame: Array, middle: Array) -> tuple[Array, Array, Array]:
    found = [
        np.float32(m) + np.float32(e[0]) * plane[0] + np.float32(e[1]) * plane[1]
        for m, e in zip(middle, frame, strict=True)
    ]
    return found[0], found[1], found[2]
