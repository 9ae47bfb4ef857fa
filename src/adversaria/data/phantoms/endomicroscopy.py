"""What a confocal endomicroscope would see without its fibres: mucosa under fluorescein."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet
from adversaria.draws import stream

Array = NDArray[Any]

KINDS = ("crypts", "vessels", "squamous", "neoplastic")
LABELS = {"epithelium": 1, "lumen": 2, "vessel": 3, "cell border": 4}
FACTORS = (
    "pitch", "rotation", "disorder", "fill", "lumen", "goblets", "vessels", "vessel_width", "ground", "gain", "tilt",
    "gradient", "x", "y",
)  # fmt: skip
FIELD = 240.0  # micrometres


class Endomicroscopy(Phantom):
    """Fluorescence in 0 to 1 of mucosa, a field of 240 um, before the fibre bundle (operator `FibreBundle`).

    Classes, in `shares`: regular crypts with goblet gaps and dark lumen in hexagonal packing, a net of bright vessels,
    squamous cells with bright borders, and neoplastic glands (irregular, fused, slit lumens). Words: `image`, `mask`
    (LABELS), `factors`, `label`. `noise` scales the detector's.
    """

    words = ("image", "mask", "factors", "label")
    units = {"image": "reflectance", "mask": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = KINDS

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        shares: tuple[float, float, float, float] = (0.35, 0.2, 0.2, 0.25),
        noise: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, FIELD / 1000 / size, seed)
        self.shares, self.noise = tuple(shares), noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one field of view; it has no healthy twin."""
        name = self.named(subject)
        s = Sheet(name, self.size, 1000 * self.spacing, 190.0)
        u = float(stream(*name, "kind").uniform())
        kind = int(np.searchsorted(np.cumsum(self.shares) / sum(self.shares), u).clip(0, 3))
        f = drawn(s, kind)
        mask = np.zeros((self.size, self.size), np.int16)
        light = _squamous(s, f, mask) if kind == 2 else _glands(s, f, kind, mask)
        if kind != 2:
            light = _vessels(s, f, kind, light, mask)
        shade = 1 + np.float32(f["gradient"]) * (np.cos(f["tilt"]) * s.x + np.sin(f["tilt"]) * s.y) / np.float32(120)
        light = light * (1 + np.float32(0.05) * s.field("mottle", 12.0)) * shade * np.float32(f["gain"])
        image = camera(np.clip(light, 0, 1)[None], stream(*name, "camera"), 4e-4 * self.noise, 0.006 * self.noise)
        return {
            "image": image,
            "mask": mask[None],
            "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": kind,
        }


def drawn(s: Sheet, kind: int) -> dict[str, float]:
    """Draw what varies between fields; lengths in um."""
    wild = kind == 3
    return {
        "pitch": s.between("pitch", 17, 26) if kind == 2 else s.between("pitch", 50, 74) * (0.8 if wild else 1),
        "rotation": s.between("rotation", 0, np.pi / 3),
        "disorder": s.between("disorder", 0.16, 0.3) if wild else s.between("disorder", 0.03, 0.1),
        "fill": s.between("fill", 0.44, 0.52) if wild else s.between("fill", 0.36, 0.44),
        "lumen": s.between("lumen", 0.08, 0.22),
        "goblets": s.between("goblets", 0.05, 0.35),
        "vessels": s.between("vessels", 0.1, 0.3) if kind == 1 else s.between("vessels", 0.03, 0.12),
        "vessel_width": s.between("vessel width", 8, 15),
        "ground": s.between("ground", 0.15, 0.4),
        "gain": s.between("gain", 0.7, 1.05),
        "tilt": s.between("tilt", 0, 2 * np.pi),
        "gradient": s.between("gradient", 0.0, 0.35),
        "x": s.between("x", -20, 20),
        "y": s.between("y", -20, 20),
    }


def hexagons(s: Sheet, f: dict[str, float], reach: float = 170.0) -> Array:
    """Jittered middles (N, 2) of a turned hexagonal packing."""
    pitch, count = f["pitch"], int(reach / f["pitch"]) + 2
    i, j = np.meshgrid(np.arange(-2 * count, 2 * count + 1), np.arange(-2 * count, 2 * count + 1), indexing="ij")
    flat = np.stack([(i + 0.5 * j) * pitch, j * pitch * np.sqrt(3) / 2], -1).reshape(-1, 2)
    jitter = s.random("jitter").standard_normal(flat.shape)
    flat = flat + f["disorder"] * pitch * jitter
    c, t = np.cos(f["rotation"]), np.sin(f["rotation"])
    turned = flat @ np.array([[c, -t], [t, c]]).T + [f["x"], f["y"]]
    return np.asarray(turned[np.hypot(*turned.T) < reach + pitch])


def _nearest(s: Sheet, f: dict[str, float], bend: float, count: int) -> tuple[Array, Array, Array]:
    """Distances (N, count) to the nearest middles, which they are, and the warped coordinates."""
    from scipy.spatial import cKDTree

    x, y = s.warped("warp", 30.0, bend)
    at = np.stack([x.ravel(), y.ravel()], 1)
    found, which = cKDTree(middles := hexagons(s, f)).query(at, k=[*range(1, count + 1)])
    return found, at - middles[which[:, 0]], which[:, 0]


def _glands(s: Sheet, f: dict[str, float], kind: int, mask: NDArray[np.int16]) -> Array:
    """Stroma with glands: a bright ring of epithelium with dark goblets around a dark lumen."""
    found, away, which = _nearest(s, f, 6.0 if kind == 3 else 2.0, 1)
    shape = (s.size, s.size)
    distance, angle = found.reshape(shape).astype(np.float32), np.arctan2(away[:, 1], away[:, 0]).reshape(shape)
    own = s.random("glands").uniform(size=(int(which.max()) + 1, 3)).astype(np.float32)[which].reshape(*shape, 3)
    size = np.float32(f["pitch"] * f["fill"]) * (0.85 + 0.3 * own[..., 0]) * (0.75 if kind == 1 else 1)
    slit = (1 + 0.6 * np.cos(2 * (angle - np.pi * own[..., 1]))) if kind == 3 else np.ones_like(distance)
    inside = _soft(size - distance)
    lumen = _soft(np.float32(f["lumen"] * f["pitch"]) * slit - distance)
    goblets = 0.5 - 0.5 * np.cos(angle * np.round(9 + 4 * own[..., 2]))
    dark = np.float32(f["goblets"]) * goblets * np.exp(-np.square((distance / size - 0.75) / 0.18))
    cells = 0.62 * (1 - dark) + 0.06 * s.field("cells", 7.0)
    stroma = f["ground"] + 0.05 * s.field("stroma", 9.0)
    mask[inside > 0.5], mask[lumen > 0.5] = LABELS["epithelium"], LABELS["lumen"]
    return np.asarray(stroma + inside * (cells - stroma) + lumen * inside * (0.1 - cells), np.float32)


def _vessels(s: Sheet, f: dict[str, float], kind: int, light: Array, mask: NDArray[np.int16]) -> Array:
    """Bright tubes along the zeros of a field, between the glands but on top where vessels are the subject."""
    width = f["vessels"] * f["vessel_width"] / 10
    tubes = s.threads("net", 34.0, width)
    if kind != 1:
        tubes = tubes * (mask == 0)
    mask[(tubes > 0.5) & ((mask == 0) | (kind == 1))] = LABELS["vessel"]
    return light + np.float32(0.85 if kind == 1 else 0.3) * tubes * (1 - light)


def _squamous(s: Sheet, f: dict[str, float], mask: NDArray[np.int16]) -> Array:
    """A mosaic of cells: bright borders where the two nearest middles are equally far, darker nuclei."""
    found, _, which = _nearest(s, f, 2.0, 2)
    shape = (s.size, s.size)
    first, second = (found[:, k].reshape(shape).astype(np.float32) for k in range(2))
    border = np.exp(-np.square((second - first) / 3.2))
    own = s.random("cells").uniform(size=int(which.max()) + 1).astype(np.float32)[which].reshape(shape)
    nucleus = _soft(np.float32(0.17 * f["pitch"]) - first)
    mask[:] = LABELS["epithelium"]
    mask[border > 0.5] = LABELS["cell border"]
    body = 0.22 + f["ground"] * 0.5 + 0.12 * own
    return np.asarray(body + 0.45 * border - 0.12 * nucleus, np.float32)


def _soft(distance: Array) -> Array:
    """Share inside over an edge of 4 um, the light's own blur."""
    return np.clip(0.5 + distance / np.float32(4.0), 0, 1)
