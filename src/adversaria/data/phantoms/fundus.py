"""Colour photograph of the back of the eye, with its vessel trees."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fundus_lesions import LESIONS, findings
from adversaria.data.phantoms.growth import Tips, Tree, draw, grow
from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet, ellipse, inside
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"artery": 1, "vein": 2, "disc": 3, "cup": 4}
FACTORS = (
    "melanin", "red", "disc_x", "disc_y", "disc_size", "cup", "fovea_x", "fovea_y", "macula", "tortuosity", "arteries",
    "veins", "shading", "choroid", "fibres", "aim_x", "aim_y",
)  # fmt: skip
# mm: half of a field of 45 degrees, disc to fovea, radius of the disc
FIELD, _TO_FOVEA, _DISC = 6.6, 4.76, 0.90
# absorption of a path through blood in 1/um, red, green, blue
_BLOOD = {0: (0.0005, 0.0064, 0.0052), 1: (0.0012, 0.0086, 0.0062)}
_DISEASES = {
    "retinopathy": ("none", "mild", "moderate", "severe"), "plus": ("none", "plus"), "glaucoma": ("none", "glaucoma"),
}  # fmt: skip


class Fundus(Phantom):
    """Colour fundus photograph of 45 degrees (reflectance 0 to 1, black outside the field).

    Arteries and veins are trees that grow from the disc and are drawn by the light they absorb; disc, cup, macula,
    pigment and nerve fibres vary. `disease` is retinopathy (`label` is its grade), plus (tortuous, wide vessels) or
    glaucoma (large cup), in the share `prevalence`. `domain` b is another camera. Words also: `vessels` (0 or 1 in
    each pixel), `annotated` (what a person would draw: no vessel fainter than 2 deviations of the grain), `mask`
    (LABELS), `fov`, `lesion` (instances), `findings` (LESIONS), `lesions`, `factors`, `label`.
    """

    words = ("image", "vessels", "annotated", "mask", "fov", "lesion", "findings", "lesions", "factors", "label")
    units = {
        "image": "reflectance", "vessels": "labels", "annotated": "labels", "mask": "labels", "fov": "labels",
        "lesion": "labels", "findings": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        disease: str = "retinopathy",
        prevalence: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, 2.1 * FIELD / size, seed, prevalence, healthy)
        if disease not in _DISEASES:
            raise ValueError(f"there is no disease '{disease}'; there are {', '.join(_DISEASES)}")
        if domain not in ("a", "b"):
            raise ValueError(f"there is no camera '{domain}'; there are a and b")
        self.disease, self.contrast, self.domain, self.noise = disease, contrast, domain, noise
        self.classes = _DISEASES[disease]

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Photographs only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one eye, or its twin without the disease."""
        name = self.named(subject)
        s = Sheet(name, self.size, self.spacing, 9.0)
        sick = self.sick(subject, healthy)
        grade = 1 + int((len(self.classes) - 1) * s.between("grade", 0, 1)) if sick else 0
        eye = _Eye(s, plus=sick and self.disease == "plus", glaucoma=sick and self.disease == "glaucoma")
        none = np.zeros((self.size, self.size), np.int16)
        shades, kinds, lesion, table = (
            findings(s, grade, eye.disc) if sick and self.disease == "retinopathy" else ([], none, none, [])
        )
        colour, paths = eye.colours(), eye.blood()
        for share, tint in shades:
            colour = colour + np.float32(self.contrast) * share * (tint - colour)
        for kind, path in paths.items():
            colour = colour * np.exp(-np.array(_BLOOD[kind], np.float32)[:, None, None] * np.minimum(path, 190))
        paths = {k: p / (1000 * self.spacing) for k, p in paths.items()}
        field = np.hypot(s.x, s.y) < FIELD
        mask = eye.mask(paths) * field
        contrast = sum(1 - np.exp(-_BLOOD[k][1] * 1000 * self.spacing * p) for k, p in paths.items())
        vessels = (np.isin(mask, [1, 2])).astype(np.int16)
        return {
            "image": self._photograph(s, colour, field),
            "vessels": vessels[None],
            "annotated": (vessels * (contrast > 2 * 0.011 / 0.38))[None].astype(np.int16),
            "mask": mask[None].astype(np.int16),
            "fov": field[None].astype(np.int16),
            "lesion": (lesion * field)[None].astype(np.int16),
            "findings": (kinds * field)[None].astype(np.int16),
            "lesions": table,
            "factors": np.array([eye.f[k] for k in FACTORS], np.float32),
            "label": grade,
        }

    def _photograph(self, s: Sheet, colour: Array, field: Array) -> Array:
        from scipy.ndimage import gaussian_filter

        other = self.domain == "b"
        rho = np.hypot(s.x, s.y) / FIELD
        lit = colour * (1 - (0.28 if other else 0.16) * rho**2)[None]
        lit = gaussian_filter(lit, (0, *(2 * [(0.045 if other else 0.02) / self.spacing])))
        if other:
            lit = np.clip(lit * np.array([0.86, 1.04, 1.25], np.float32)[:, None, None], 0, 1) ** 0.85
            field = field & (np.abs(s.y) < 0.88 * FIELD)
        noisy = camera(np.clip(lit, 0, 1), stream(*s.name, "camera"), 8e-5 * self.noise, 0.008 * self.noise)
        return (noisy * field[None]).astype(np.float32)


class _Eye:
    """One eye: what reflects and what absorbs, in mm on a sheet; the disc lies towards `side`."""

    def __init__(self, s: Sheet, plus: bool, glaucoma: bool):
        self.s, self.side = s, 1 if s.between("side", 0, 1) < 0.5 else -1
        aim = s.about("aim x", 0, 0.25), s.about("aim y", 0, 0.2)
        x, y = (
            self.side * FIELD * s.about("disc x", 0.62, 0.05) + aim[0],
            FIELD * s.about("disc y", -0.02, 0.03) + aim[1],
        )
        turn, far = s.about("fovea turn", 0.10, 0.05), s.about("fovea", _TO_FOVEA, 0.3)
        self.disc, self.fovea = (x, y), (x - self.side * far * np.cos(turn), y + far * np.sin(turn))
        cup = s.between("large cup", 0.62, 0.88) if glaucoma else float(np.clip(s.about("cup", 0.42, 0.11), 0.1, 0.7))
        tortuosity = abs(s.about("tortuosity", 0, 0.06)) * (3 if plus else 1) + 0.12 * plus
        self.f = {
            "melanin": s.about("melanin", 0, 1), "red": s.about("red", 0, 1), "disc_x": x, "disc_y": y,
            "disc_size": s.about("disc size", 1, 0.08), "fovea_x": self.fovea[0], "fovea_y": self.fovea[1],
            "cup": cup,
            "macula": s.about("macula", 1, 0.2), "tortuosity": tortuosity,
            "arteries": 80 * s.about("arteries", 1, 0.08) * (1.1 if plus else 1),
            "veins": 106 * s.about("veins", 1, 0.07) * (1.3 if plus else 1), "shading": s.about("shading", 1, 0.2),
            "choroid": s.between("choroid", 0, 1), "fibres": s.between("fibres", 0, 1),
            "aim_x": aim[0], "aim_y": aim[1],
        }  # fmt: skip

    def tree(self) -> Tree:
        """Grow arteries (0) and veins (1), in units of the field's radius."""
        s, random = self.s, stream(*self.s.name, "tree")
        rows = [(kind, up, out) for kind in (0, 1) for up in (-1, 1) for out in (-1, 1)]
        angles = np.array(
            [np.deg2rad(s.about(f"root {k}", 58 if out < 0 else 128, 9)) for k, (_, _, out) in enumerate(rows)]
        )
        towards = np.pi if self.side > 0 else 0.0
        kinds, ups = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
        heading = towards + np.where(self.side > 0, -1, 1) * ups * angles
        trunk = np.where(kinds == 0, self.f["arteries"], self.f["veins"]) / 1000 / FIELD
        split = np.array([0.58 if out < 0 else 0.42 for _, _, out in rows])
        start = np.array(self.disc) / FIELD + 0.03 * np.stack([np.cos(heading), np.sin(heading)], 1)
        tips = Tips(
            start, heading + 0.1 * (2 * kinds - 1), trunk * split ** (1 / 2.7), kinds, np.arange(8), np.zeros(8),
            2 * np.pi * random.uniform(size=8), np.zeros(8, int),
        )  # fmt: skip
        fovea = np.array(self.fovea) / FIELD
        return grow(tips, random, self._guide(fovea), self._lives(fovea), tortuosity=self.f["tortuosity"])

    def _guide(self, fovea: Array) -> Any:
        def guide(place: Array, heading: Array, radius: Array) -> Array:
            away = place - fovea
            rho, round_ = np.linalg.norm(away, axis=1), np.arctan2(away[:, 1], away[:, 0])
            ahead = np.sign(np.cos(heading) * -away[:, 1] + np.sin(heading) * away[:, 0])
            tangent = round_ + ahead * np.pi / 2
            spring = ahead * np.clip((rho - 0.60) * 1.6, -0.6, 0.6)
            large = np.clip(radius / 0.006 - 0.6, 0, 1)
            temporal = ((place[:, 0] - self.disc[0] / FIELD) * self.side < 0.06) & (rho < 1.1)
            follow = np.sin(tangent + spring - heading)
            turn = 0.34 * large * temporal * np.exp(-np.square((rho - 0.62) / 0.3)) * follow
            inward = np.sin(round_ + np.pi - heading)
            turn += 0.16 * (1 - large) * (rho < 0.6) * (rho > 0.12) * inward
            return turn - 0.5 * np.exp(-np.square(rho / 0.2)) * inward * (rho < 0.2)

        return guide

    def _lives(self, fovea: Array) -> Any:
        zone = self.s.between("zone", 0.055, 0.085)

        def lives(place: Array, radius: Array) -> Array:
            found: Array = (np.linalg.norm(place, axis=1) < 1.06) & (np.linalg.norm(place - fovea, axis=1) > zone)
            return found

        return lives

    def blood(self) -> dict[int, Array]:
        """Path of the light through arteries and through veins, in um."""
        tree, size, spacing = self.tree(), self.s.size, self.s.spacing
        ends = tree.ends * FIELD / spacing + (size - 1) / 2
        paths = {}
        for kind in (0, 1):
            chosen = tree.kinds == kind
            paths[kind] = draw(size, ends[chosen], tree.radii[chosen] * FIELD / spacing) * 1000 * spacing
        return paths

    def mask(self, paths: dict[int, Array]) -> Array:
        """Where vessels, disc and cup lie; a pixel is vessel where the tube covers about half of it."""
        disc, cup = self._disc()
        found = np.where(disc < 0, LABELS["disc"], 0)
        found[cup < 0] = LABELS["cup"]
        for kind, path in paths.items():
            found[path > 0.18] = LABELS["artery"] + kind
        return found

    def _disc(self) -> tuple[Array, Array]:
        s, f = self.s, self.f
        size = _DISC * f["disc_size"]
        x, y = s.x - self.disc[0], s.y - self.disc[1]
        wave = 0.03 * s.field("rim", 0.7)
        return (
            ellipse(x, y, (0.93 * size, 1.05 * size)) + wave,
            ellipse(x + self.side * 0.06, y, (f["cup"] * 0.93 * size, f["cup"] * 1.05 * size)) + wave,
        )

    def colours(self) -> Array:
        """Reflectance (3, rows, columns) of everything but vessels."""
        s, f = self.s, self.f
        pigment = np.array([0.18, 0.24, 0.26]) * 0.6 * -f["melanin"] + np.array([0.05, -0.04, -0.06]) * f["red"]
        base = np.array([0.72, 0.38, 0.21]) * np.exp(pigment)
        shade = (
            1
            + f["shading"] * (0.09 * s.field("shade", 3.2) + 0.03 * s.field("mottle", 0.6))
            + 0.015 * s.field("fine", 0.16)
        )
        threads = sum(s.threads(f"choroid {k}", 1.1, 0.35) for k in range(2)) - 0.6
        light = float(np.clip(0.5 - 0.5 * f["melanin"], 0, 1)) * f["choroid"]
        out = np.hypot(s.x - self.fovea[0], s.y - self.fovea[1]) / FIELD
        wide, deep = (np.exp(-np.square(out / r)) * f["macula"] for r in (0.19, 0.05))
        colour = []
        for k, (macula, fovea, choroid) in enumerate(((0.10, 0.06, 0.10), (0.20, 0.12, 0.05), (0.28, 0.05, 0.02))):
            colour.append(base[k] * shade * (1 - macula * wide) * (1 - fovea * deep) * (1 + choroid * light * threads))
        made = np.stack(colour)
        x, y = s.x - self.disc[0], s.y - self.disc[1]
        disc, cup = self._disc()
        rays = np.cos(40 * np.arctan2(y, x) + 3 * s.field("rays", 1.2)) * np.exp(
            -np.square((np.hypot(x, y) - 1.6) / 1.1)
        )
        made = made * (1 + 0.035 * f["fibres"] * rays * np.abs(np.sin(np.arctan2(y, x))))
        halo = np.exp(-np.square(np.clip(disc, 0, None) / 0.18)) * s.between("crescent", 0, 0.25)
        for share, tint in (
            (halo, (0.80, 0.55, 0.36)),
            (inside(disc, 0.14), (0.95, 0.70, 0.43)),
            (inside(cup, 0.22), (1.0, 0.88, 0.66)),
        ):
            made = made + share * (np.array(tint)[:, None, None] * (0.97 + 0.1 * (shade - 1)) - made)
        return made.astype(np.float32)


__all__ = ["FIELD", "LABELS", "LESIONS", "Fundus"]
