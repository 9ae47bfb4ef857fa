"""Ultrasound from inside an artery: rings of lumen, plaque, media and adventitia around the catheter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet
from adversaria.data.phantoms.ultrasound import Machine, Probe, b_mode
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"catheter": 1, "lumen": 2, "intima": 3, "media": 4, "adventitia": 5, "lipid": 6, "fibrous": 7, "calcium": 8}
FACTORS = (
    "lumen", "eccentric", "turn", "shift_x", "shift_y", "plaque", "plaque_at", "plaque_width", "media", "blood", "wire",
    "ring", "gain",
)  # fmt: skip
# echogenicity (dB), attenuation (dB / cm / MHz), impedance
_LOOKS = {
    1: (-60, 0.0, 1.5), 2: (-30, 0.15, 1.50), 3: (-2, 1.2, 1.62), 4: (-26, 1.0, 1.57), 5: (2, 1.6, 1.66),
    6: (-17, 1.8, 1.52), 7: (1, 1.6, 1.66), 8: (14, 45.0, 3.4),
}  # fmt: skip
_MACHINES = {
    "a": Machine(20.0, 46.0, 0.0, 1.6, 1.6, 0.35), "b": Machine(40.0, 56.0, 2.0, 1.0, 2.2, 0.3, 0.6),
}  # fmt: skip


class IVUS(Phantom):
    """Intravascular ultrasound (0 to 1) of 9 mm around the catheter, in the plane across the artery.

    `label` is the plaque: none, lipid (dark), fibrous, or calcified (bright, with a shadow). `stage0` is the same
    tissue without the pulse's widening, shadows or noise of the receiver: a first guess of the picture. `mask` has
    the LABELS, `layers` only lumen (1), wall within the media (2) and beyond (3). `domain` is the catheter, `noise` 0
    without speckle. Words also: `image`, `factors`, `label`.
    """

    words = ("image", "stage0", "mask", "layers", "factors", "label")
    units = {
        "image": "relative", "stage0": "relative", "mask": "labels", "layers": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("none", "lipid", "fibrous", "calcified")

    def __init__(self, size: int = 128, dims: int = 2, domain: str = "a", noise: float = 1.0, seed: int = 0):
        if domain not in _MACHINES:
            raise ValueError(f"there is no catheter '{domain}'; there are {', '.join(_MACHINES)}")
        super().__init__(size, dims, 9.0 / size, seed)
        self.domain, self.noise = domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one plane."""
        name = self.named(subject)
        s = Sheet(name, self.size, self.spacing, 6.0)
        kind = int(4 * s.between("kind", 0, 1))
        f = {
            "lumen": s.between("lumen", 1.3, 2.1), "eccentric": s.between("eccentric", 0, 0.16),
            "turn": s.between("turn", 0, np.pi), "shift_x": s.about("shift x", 0, 0.25),
            "shift_y": s.about("shift y", 0, 0.25),
            "plaque": s.between("plaque", 0.35, 0.9), "plaque_at": s.between("plaque at", 0, 2 * np.pi),
            "plaque_width": s.between("plaque width", 0.7, 1.3), "media": s.about("media", 0.16, 0.02),
            "blood": s.about("blood", 0, 2), "wire": s.between("wire", 0, 2 * np.pi),
            "ring": s.between("ring", 0.1, 0.35),
            "gain": s.about("gain", 0, 1.5),
        }  # fmt: skip
        probe = Probe(0.0, 0.0, 0.0, 2 * np.pi, 0.25, 4.4, 320, 256)
        parts = _parts(*probe.points, f, kind, s)
        table = np.zeros((9, 3), np.float32)
        table[1:] = [_LOOKS[k] for k in range(1, 9)]
        echo, loss, hard = (table[parts, j] for j in range(3))
        echo = np.where(parts == LABELS["lumen"], echo + f["blood"], echo) + f["gain"]
        dropped = np.abs((np.linspace(-np.pi, np.pi, 256) - f["wire"] + np.pi) % (2 * np.pi) - np.pi) < 0.10
        loss = loss + 60 * (dropped[None] & (probe.ranges[:, None] > 0.5))
        random = stream(*name, "speckle")
        machine, speckle = _MACHINES[self.domain], min(1.0, self.noise)
        image = b_mode(echo, loss, probe, machine, random, speckle, 0.5 * hard, self.noise)
        near = f["ring"] * np.exp(-np.square((probe.ranges[:, None] - 0.18) / 0.10)) + 0 * image
        first = Machine(machine.frequency, machine.dynamic, 0.0, 0.8, 0.8)
        plain = b_mode(echo, 0.5 + 0 * loss, probe, first, stream(*name, "stage 0"), speckle, None, 0.0)
        mask = _parts(s.x, s.y, f, kind, s)
        layers = np.select([mask <= 2, np.isin(mask, (3, 4, 6, 7, 8))], [1, 2], 3)
        return {
            "image": probe.shown(np.clip(image + near, 0, 1), s.x, s.y)[None].astype(np.float32),
            "stage0": probe.shown(plain, s.x, s.y)[None].astype(np.float32), "mask": mask[None].astype(np.int16),
            "layers": layers[None].astype(np.int16), "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": kind,
        }  # fmt: skip


def _parts(x: Array, y: Array, f: dict[str, float], kind: int, s: Sheet) -> NDArray[np.int16]:
    """Labels of places (mm from the catheter's middle)."""
    c, n = np.float32(np.cos(f["turn"])), np.float32(np.sin(f["turn"]))
    dx, dy = x - np.float32(f["shift_x"]), y - np.float32(f["shift_y"])
    u, v = (c * dx + n * dy) / (1 + f["eccentric"]), (c * dy - n * dx) * (1 + f["eccentric"])
    turn = np.arctan2(v, u)
    waves = s.random("waves").normal(0, 1, (4, 2))
    wave = sum(a * np.cos((k + 2) * turn) + b * np.sin((k + 2) * turn) for k, (a, b) in enumerate(waves))
    away = np.abs((turn - f["plaque_at"] + np.pi) % (2 * np.pi) - np.pi)
    bulge = (f["plaque"] if kind else 0.06) * np.exp(-np.square(away / f["plaque_width"]))
    outer = f["lumen"] + 0.45 + 0.03 * wave
    inner = np.maximum(outer - 0.28 - bulge * 0.85, 0.45) + 0.015 * np.sin(7 * turn + waves[0, 0])
    far = np.hypot(u, v)
    mask = np.full(x.shape, LABELS["adventitia"], np.int16)
    mask[far < outer] = LABELS["media"]
    mask[far < outer - f["media"]] = LABELS["intima"]
    core = (far < outer - f["media"] - 0.06) & (far > inner + 0.10) & (away < 0.85 * f["plaque_width"])
    if kind in (1, 2):
        mask[core] = LABELS["lipid" if kind == 1 else "fibrous"]
    if kind == 3:
        mask[core & (far < inner + 0.10 + 0.4 * f["plaque"]) & (away < 0.6 * f["plaque_width"])] = LABELS["calcium"]
    mask[far < inner] = LABELS["lumen"]
    mask[np.hypot(x, y) < 0.45] = LABELS["catheter"]
    return mask
