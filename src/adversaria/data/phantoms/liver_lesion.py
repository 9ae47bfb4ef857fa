"""A region of interest of liver CT with a lesion: cyst, metastasis or haemangioma."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.noise import reconstructed
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sentences import tokens
from adversaria.data.phantoms.sheet import Sheet, inside
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"liver": 1, "vessel": 2, "outside": 3, "lesion": 4}
FACTORS = (
    "diameter", "zoom", "liver", "vessels", "edge", "edge_angle", "x", "y", "elongation", "turn", "lobulation",
    "softness", "centre_hu", "rim", "filled",
)  # fmt: skip
KINDS = ("cyst", "metastasis", "haemangioma")


class LiverLesion(Phantom):
    """Portal-venous liver CT (HU) around a lesion, in regions scaled to the lesion as in Frid-Adar et al. 2018.

    Cysts are sharp and dark, metastases blurred, irregular and half of them rimmed, haemangiomas lobulated with
    nodules as bright as blood at their border. Size is not the class: a region shows 2 to 3 diameters whatever they
    are (8 to 50 mm, `true_diameter_mm` of the table); the spacing is that of a region 60 mm wide. `shares` are the
    classes' shares. Words also: `mask` (LABELS), `lesion`, `lesions`, `factors`, `label`, `text`, `sentence`.
    """

    words = ("ct", "mask", "lesion", "lesions", "factors", "label", "text", "sentence")
    units = {"ct": "HU", "mask": "labels", "lesion": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = (*KINDS, "none")

    def __init__(
        self,
        size: int = 64,
        dims: int = 2,
        prevalence: float = 1.0,
        shares: tuple[float, float, float] = (53.0, 64.0, 65.0),
        contrast: float = 1.0,
        healthy: bool = False,
        noise: float = 10.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, 60.0 / size, seed, prevalence, healthy)
        self.shares, self.contrast, self.noise = tuple(shares), contrast, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Slices only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its twin without the lesion."""
        name = self.named(subject)
        sheet = Sheet(name, self.size, self.spacing, 90.0)
        kind = int(np.searchsorted(np.cumsum(self.shares) / sum(self.shares), sheet.between("kind", 0, 1)))
        f = _factors(sheet, kind)
        image, mask = _liver(sheet, f)
        lesion, table = np.zeros_like(mask), []
        if self.sick(subject, healthy):
            share, value = (_cyst, _metastasis, _haemangioma)[kind](sheet, f)
            image = image + np.float32(self.contrast) * share * (value - image)
            lesion = (share > 0.5).astype(np.int16)
            mask = np.where(lesion, LABELS["lesion"], mask).astype(np.int16)
            table = [
                {
                    "id": 1, "type": KINDS[kind], "class": KINDS[kind], "diameter_mm": f["diameter"],
                    "true_diameter_mm": f["diameter"] * f["zoom"], "centre_mm": [-f["x"], -f["y"], 0.0],
                }
            ]  # fmt: skip
        image = image + np.float32(self.noise) * reconstructed((*image.shape, 1), stream(*name, "noise"))[..., 0]
        label = kind if table else 3
        sentence = f"a {KINDS[kind]} in the liver" if table else "no lesion in the liver"
        return {
            "ct": image[None].astype(np.float32),
            "mask": mask[None],
            "lesion": lesion[None],
            "lesions": table,
            "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": label,
            "text": tokens(sentence),
            "sentence": sentence,
        }


def _factors(s: Sheet, kind: int) -> dict[str, float]:
    """Draw what varies; only the last three depend on the class."""
    low, high = ((0.0, 22.0), (34.0, 84.0), (8.0, 50.0))[kind]
    diameter = s.between("shown", 20, 30)
    return {
        "diameter": diameter, "zoom": 8 * (50 / 8) ** s.between("diameter", 0, 1) / diameter,
        "liver": s.about("liver", 105, 12), "vessels": s.about("vessels", 165, 14),
        "edge": s.between("edge", 16, 30) if s.between("edge at", 0, 1) < 0.35 else 60.0,
        "edge_angle": s.between("edge angle", 0, 2 * np.pi), "x": s.about("x", 0, 2.5), "y": s.about("y", 0, 2.5),
        "elongation": s.about("long", 1, 0.12), "turn": s.between("turn", 0, np.pi),
        "lobulation": s.between("lobes", *((0.0, 0.05), (0.08, 0.2), (0.08, 0.18))[kind]),
        "softness": s.between("soft", *((0.8, 1.6), (2.5, 6.0), (1.0, 2.2))[kind]),
        "centre_hu": s.between("hu", low, high), "rim": s.between("rim", 10, 25) * (s.between("has rim", 0, 1) < 0.5),
        "filled": s.between("filled", 0.3, 1),
    }  # fmt: skip


def _liver(s: Sheet, f: dict[str, float]) -> tuple[Array, NDArray[np.int16]]:
    z = f["zoom"]
    image = f["liver"] + 5 * s.field("texture", max(4 / z, 1.2))
    mask = np.full(image.shape, LABELS["liver"], np.int16)
    # vessels: where two fields vanish they cross the plane, where one does they run in it
    tubes = np.hypot(s.field("vessels", 14 / max(z, 0.6)) / 0.2, 1.1 * s.field("run", 22 / max(z, 0.6)))
    share = np.clip(1.6 - tubes, 0, 1)
    image = image + share * (f["vessels"] - image)
    mask[share > 0.5] = LABELS["vessel"]
    beyond = f["edge"] - (s.x * np.cos(f["edge_angle"]) + s.y * np.sin(f["edge_angle"])) + 2 * s.field("edge", 18.0)
    share = inside(beyond, max(s.spacing, 1.2))
    image = image + share * (-98 + 7 * s.field("fat", 6.0) - image)
    mask[share > 0.5] = LABELS["outside"]
    return image, mask


def _level(s: Sheet, f: dict[str, float]) -> Array:
    """1 on the lesion's border, less inside."""
    c, n = np.float32(np.cos(f["turn"])), np.float32(np.sin(f["turn"]))
    x, y = s.x - np.float32(f["x"]), s.y - np.float32(f["y"])
    far = np.hypot((c * x + n * y) / f["elongation"], (c * y - n * x) * f["elongation"]) / (f["diameter"] / 2)
    wave = f["lobulation"] * s.field("lobes", 9.0) + 0.3 * f["lobulation"] * s.field("rough", 4.0)
    return far * np.clip(1 + wave, 0.6, 1.6)


def _share(s: Sheet, f: dict[str, float], level: Array) -> Array:
    return inside((level - 1) * f["diameter"] / 2, max(f["softness"], s.spacing))


def _cyst(s: Sheet, f: dict[str, float]) -> tuple[Array, Array]:
    level = _level(s, f)
    return _share(s, f, level), f["centre_hu"] + 1.5 * s.field("fluid", 5.0)


def _metastasis(s: Sheet, f: dict[str, float]) -> tuple[Array, Array]:
    level = _level(s, f)
    value = f["centre_hu"] + 6 * s.field("tumour", 4.0)
    necrosis = np.clip((0.55 - level) * 4, 0, 1) * s.between("necrosis", 0, 25)
    rim = f["rim"] * np.exp(-np.square((level - 0.88) / 0.1))
    return _share(s, f, level), value - necrosis + rim


def _haemangioma(s: Sheet, f: dict[str, float]) -> tuple[Array, Array]:
    level = _level(s, f)
    value = f["centre_hu"] + 4 * s.field("tumour", 4.0)
    angles = s.random("nodules").uniform(0, 2 * np.pi, 7)[: int(s.between("count", 3, 8))]
    angles = angles[0] + (angles - angles[0]) * f["filled"]
    r = f["diameter"] / 2
    bright = np.zeros_like(level)
    for number, angle in enumerate(angles):
        x, y = f["x"] + 0.78 * r * np.cos(angle), f["y"] + 0.78 * r * np.sin(angle)
        width = r * s.between(f"nodule {number}", 0.2, 0.42)
        bright = np.maximum(bright, inside(np.hypot(s.x - x, s.y - y) - width, 2.0))
    return _share(s, f, level), value + bright * (f["vessels"] + 5 - value)
