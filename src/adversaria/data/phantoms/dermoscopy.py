"""Dermoscopy of a pigmented lesion of the skin."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sentences import tokens
from adversaria.data.phantoms.sheet import Sheet, beer_lambert, inside
from adversaria.draws import stream

Array = NDArray[Any]

KINDS = ("nevus", "atypical nevus", "melanoma", "keratosis")
FACTORS = (
    "melanin", "blood", "radius", "x", "y", "asymmetry", "border", "colours", "network", "pigment", "edge",
    "elongation", "turn", "hairs", "white_balance", "vignette",
)  # fmt: skip
_VECTORS = {"melanin": (0.9, 1.4, 2.1), "blood": (0.1, 0.55, 0.45), "blue": (0.95, 0.75, 0.45)}
# asymmetry, roughness of the border, number of colours, network, pigment, width of the edge in mm: (mean, spread)
_LAWS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0.08, 0.07), (0.035, 0.025), (1.7, 0.7), (0.5, 0.2), (0.42, 0.14), (0.9, 0.25)),
    ((0.20, 0.11), (0.070, 0.035), (2.5, 0.8), (0.7, 0.25), (0.50, 0.15), (0.8, 0.25)),
    ((0.31, 0.14), (0.105, 0.045), (3.7, 1.1), (0.6, 0.3), (0.66, 0.16), (0.5, 0.2)),
    ((0.15, 0.09), (0.065, 0.035), (2.0, 0.7), (0.1, 0.1), (0.38, 0.14), (0.22, 0.08)),
)


class Dermoscopy(Phantom):
    """Dermoscopy (colour in 0 to 1), 20 mm wide, of a nevus, an atypical nevus, a melanoma or a keratosis.

    Colours come from melanin, blood and deep (blue) pigment that absorb. Classes differ in asymmetry, border, number
    of colours, network and edge, and overlap; `shares` are theirs. Skin runs from light to dark; hairs, vignette and
    white balance vary; `domain` b is another device. With `prevalence` below 1 the others show skin alone. Words
    also: `lesion` (0 or 1), `hair`, `lesions`, `factors`, `label`, `text`, `sentence`.
    """

    words = ("image", "lesion", "hair", "lesions", "factors", "label", "text", "sentence")
    units = {"image": "reflectance", "lesion": "labels", "hair": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = (*KINDS, "skin")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        prevalence: float = 1.0,
        shares: tuple[float, float, float, float] = (0.4, 0.25, 0.2, 0.15),
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, 20.0 / size, seed, prevalence, healthy)
        if domain not in ("a", "b"):
            raise ValueError(f"there is no device '{domain}'; there are a and b")
        self.shares, self.contrast, self.domain, self.noise = tuple(shares), contrast, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one picture, or its twin without the lesion."""
        name = self.named(subject)
        s = Sheet(name, self.size, self.spacing, 14.0)
        kind = int(np.searchsorted(np.cumsum(self.shares) / sum(self.shares), s.between("kind", 0, 1)))
        f = _factors(s, kind)
        sick = self.sick(subject, healthy)
        dyes = _skin(s, f)
        lesion, table = np.zeros(s.x.shape, np.int16), []
        if sick:
            border = _border(s, f)
            lesion = (border < 0).astype(np.int16)
            for dye, density in _pigment(s, f, kind, border).items():
                dyes[dye] = dyes[dye] + np.float32(self.contrast) * density
            table = [
                {
                    "id": 1, "type": KINDS[kind], "class": KINDS[kind], "diameter_mm": 2 * f["radius"],
                    "centre_mm": [-f["x"], 0.0, -f["y"]], "asymmetry": f["asymmetry"], "border": f["border"],
                    "colours": round(f["colours"]),
                }
            ]  # fmt: skip
        hair = _hairs(s, int(f["hairs"]))
        tone = "dark" if f["melanin"] > 0.25 else "light"
        said = f"a {KINDS[kind]} on {tone} skin" if sick else f"no lesion on {tone} skin"
        return {
            "image": self._picture(s, f, dyes, hair),
            "lesion": lesion[None],
            "hair": (hair > 0.4).astype(np.int16)[None],
            "lesions": table,
            "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": kind if sick else len(KINDS),
            "text": tokens(said),
            "sentence": said,
        }

    def _picture(self, s: Sheet, f: dict[str, float], dyes: dict[str, Array], hair: Array) -> Array:
        from scipy.ndimage import gaussian_filter

        colour = beer_lambert(dyes, _VECTORS, np.array([0.98, 0.93, 0.90]))
        colour = colour * (1 - 0.75 * hair[None]) + 0.04 * hair[None]
        rho = np.hypot(s.x, s.y) / 10
        colour = colour * (1 - f["vignette"] * np.clip(rho, 0, 1.4) ** 3)[None]
        balance = np.array([1 + 0.04 * f["white_balance"], 1, 1 - 0.05 * f["white_balance"]], np.float32)
        if self.domain == "b":
            balance, colour = balance * np.array([0.92, 1.0, 1.1]), np.clip(colour, 0, 1) ** 0.85
            colour = colour * inside(rho * 10 - 10.5, 0.4)[None]
        colour = gaussian_filter(colour * balance[:, None, None], (0, *(2 * [0.06 / s.spacing])))
        return camera(np.clip(colour, 0, 1), stream(*s.name, "camera"), 2e-4 * self.noise, 0.008 * self.noise)


def _factors(s: Sheet, kind: int) -> dict[str, float]:
    laws = [max(s.about(f"law {k}", *law), 0.01) for k, law in enumerate(_LAWS[kind])]
    return {
        "melanin": 0.08 + 0.40 * s.between("melanin", 0, 1) ** 2, "blood": s.about("blood", 0.46, 0.12),
        "radius": s.between("radius", *((3.2, 6.0), (4.0, 7.5), (4.4, 8.2), (3.6, 7.0))[kind]),
        "x": s.about("x", 0, 0.7), "y": s.about("y", 0, 0.7),
        **dict(zip(("asymmetry", "border", "colours", "network", "pigment", "edge"), laws, strict=True)),
        "elongation": s.about("long", 1.12, 0.1), "turn": s.between("turn", 0, np.pi),
        "hairs": 20 * s.between("hairs", 0, 1) ** 2.5 + 0.5 * s.between("few", 0, 1),
        "white_balance": s.about("balance", 0, 1), "vignette": s.between("vignette", 0, 0.35),
    }  # fmt: skip


def _skin(s: Sheet, f: dict[str, float]) -> dict[str, Array]:
    texture = 0.06 * s.field("skin", 2.5) + 0.05 * s.field("pores", 0.6) + 0.03 * s.field("fine", 0.25)
    lines = s.threads("lines", 0.9, 0.12) + s.threads("furrows", 1.4, 0.08)
    return {
        "melanin": f["melanin"] * (1 + texture) - 0.012 * lines,
        "blood": f["blood"] * (1 + 0.10 * s.field("flush", 4.0) + 0.05 * s.field("vessels", 0.8)),
        "blue": np.zeros_like(s.x),
    }


def _border(s: Sheet, f: dict[str, float]) -> Array:
    """Distance (mm) to the lesion's border: one to three shifted blobs with harmonics."""
    right, down = s.x - f["x"], s.y - f["y"]
    c, n = np.cos(f["turn"]), np.sin(f["turn"])
    x, y = (c * right + n * down) / f["elongation"], (c * down - n * right) * f["elongation"]
    shift = f["asymmetry"] * f["radius"] * 1.3
    found: Array = np.full_like(x, 1e3)
    for number in range(3 if f["asymmetry"] > 0.25 else 2 if f["asymmetry"] > 0.12 else 1):
        turn = s.between(f"blob {number}", 0, 2 * np.pi)
        size = f["radius"] * (1.0 if number == 0 else s.between(f"blob size {number}", 0.45, 0.7))
        out = shift * (number > 0) * (1 + 0.6 * size / f["radius"])
        u, v = x - out * np.cos(turn), y - out * np.sin(turn)
        angle, spread = np.arctan2(v, u), np.ones_like(x)
        for k in range(2, 9):
            spread = spread + f["border"] * 1.6 / k * np.cos(k * angle + s.between(f"wave {number} {k}", 0, 2 * np.pi))
        found = np.minimum(found, np.hypot(u, v) - size * spread)
    return found + (0.10 + 1.2 * f["border"]) * s.field("border", 1.6)


def _pigment(s: Sheet, f: dict[str, float], kind: int, border: Array) -> dict[str, Array]:
    """Densities that the lesion adds."""
    edge: Array = f["edge"] * np.ones_like(border)
    if kind == 2:
        # one sector of a melanoma ends abruptly
        sector = np.cos(np.arctan2(s.y - f["y"], s.x - f["x"]) - s.between("abrupt", 0, 2 * np.pi))
        edge = np.where(sector > 0.3, 0.25, edge)
    share = np.clip(0.5 - border / (2 * edge), 0, 1)
    deep = np.clip(-border / f["radius"], 0, 1)
    level = f["pigment"] * (0.8 + 0.35 * deep + 0.10 * s.field("pigment", 2.2) + 0.06 * s.field("grain", 0.5))
    mesh = s.threads("mesh", 0.55, 0.45) * (1 - 0.7 * deep)
    level = level * (1 + 0.35 * f["network"] * (mesh - 0.45))
    colours = round(f["colours"])
    blood, blue = 0.12 * s.field("red", 2.0), np.zeros_like(border)
    if colours >= 2:
        level = level + 0.32 * f["pigment"] * np.clip(s.field("dark", 2.4) - 0.2, 0, 1.6)
    if colours >= 3:
        blood = blood + 0.35 * np.clip(s.field("red patch", 2.2) - 0.4, 0, 1)
    if colours >= 4:
        veil = np.clip(s.field("veil", 2.6) + 0.2, 0, 1) * deep
        blue, level = 0.9 * veil, level * (1 - 0.35 * veil)
    if colours >= 5:
        level = level * (1 - 0.75 * np.clip(2 * (s.field("regression", 2.0) - 0.8), 0, 1))
    dots = np.clip(4 * (s.field("dots", 0.4) - 1.6), 0, 1)
    if kind in (1, 2):
        level = level + (0.35 if kind == 2 else 0.15) * dots * deep
    if kind == 3:
        milia = np.clip(5 * (s.field("milia", 0.7) - 1.5), 0, 1)
        level = level * (1 - 0.7 * milia) + 0.30 * s.threads("fissures", 1.3, 0.10)
    return {"melanin": share * level, "blood": share * blood, "blue": share * blue}


def _hairs(s: Sheet, count: int) -> Array:
    """Share of each pixel that hairs cover: bent lines of 0.05 to 0.12 mm."""
    found = np.zeros_like(s.x)
    u = s.random("hairs").uniform(size=(21, 5))
    t = np.linspace(-1, 1, 64)
    for a, b, c, d, e in u[:count]:
        angle, width = np.pi * a, 0.05 + 0.07 * e
        along, out = 13 * t, 12 * (b - 0.5) + 4 * (c - 0.5) * t**2 + 3 * (d - 0.5) * t
        across = -s.x * np.sin(angle) + s.y * np.cos(angle)
        forward = s.x * np.cos(angle) + s.y * np.sin(angle)
        distance = np.abs(across - np.interp(forward, along, out))
        cover = inside(distance - width / 2, max(s.spacing, 0.04)) * min(1.0, width / s.spacing)
        found = np.maximum(found, np.where(np.abs(forward) < 13 * (0.5 + 0.5 * c), cover, 0))
    return found
