"""Mammogram of one breast with a mass or calcifications."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sentences import tokens
from adversaria.data.phantoms.sheet import Sheet, inside
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"breast": 1, "gland": 2, "muscle": 3, "mass": 4}
FACTORS = (
    "density", "height", "depth", "thickness", "centre", "nipple", "clump", "tilt", "muscle", "muscle_slope", "ducts",
    "ligaments", "mass_x", "mass_y", "diameter",
)  # fmt: skip
# attenuation at 20 keV in 1/cm: fat, gland, carcinoma
_FAT, _GLAND, _MASS = 0.456, 0.802, 0.844


class Mammogram(Phantom):
    """Mammogram (0 to 1, dense tissue bright), chest wall at the image's left, 220 mm wide.

    Glandular tissue is a random texture of power 1/f^3 under the breast's thickness; ray paths are exact. The share
    `prevalence` has a mass, `malignant` of them spiculated or irregular, the others round and sharp. Noise is that of
    9,000 photons a square of 0.9 mm (times `exposure`; 0: none). Words also: `gland` (glandular fraction), `mask`
    (LABELS), `lesion`, `lesions`, `factors`, `label`, `text`, `sentence`.
    """

    words = ("film", "gland", "mask", "lesion", "lesions", "factors", "label", "text", "sentence")
    units = {"film": "arbitrary", "gland": "fraction", "mask": "labels", "lesion": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("normal", "benign", "malignant")

    def __init__(
        self,
        size: int = 256,
        dims: int = 2,
        prevalence: float = 0.5,
        malignant: float = 0.5,
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        healthy: bool = False,
        exposure: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, 220.0 / size, seed, prevalence, healthy)
        self.malignant, self.contrast, self.lesion_size, self.exposure = malignant, contrast, lesion_size, exposure

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Films only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its twin without the mass."""
        name = self.named(subject)
        s = Sheet(name, self.size, self.spacing, 160.0)
        bad = s.between("malignant", 0, 1) < self.malignant
        breast = _Breast(s, self.lesion_size * s.between("diameter", 6, 22))
        path = breast.path()
        share, chord = np.zeros_like(path), np.zeros_like(path)
        sick = self.sick(subject, healthy)
        if sick:
            share, chord = breast.mass(bad)
            swap = _MASS - (_FAT + (_GLAND - _FAT) * breast.gland)
            path = path + np.float32(self.contrast) * np.minimum(chord, 0.9 * breast.thick) / 10 * swap
            path = path + (breast.specks() if bad else 0.0)
        f, label = breast.f, (1 + int(bad)) if sick else 0
        mask = breast.mask.copy()
        mask[share > 0.5] = LABELS["mass"]
        kind = "malignant" if bad else "benign"
        row = {
            "id": 1, "type": kind, "class": kind, "diameter_mm": f["diameter"],
            "centre_mm": [-f["mass_x"], 0.0, -f["mass_y"]],
        }  # fmt: skip
        dense = "dense" if f["density"] > 0.4 else "fatty"
        sentence = f"a {kind} mass in a {dense} breast" if sick else f"no mass in a {dense} breast"
        return {
            "film": self._film(name, path)[None],
            "gland": breast.gland[None].astype(np.float32),
            "mask": mask[None],
            "lesion": (share > 0.5).astype(np.int16)[None],
            "lesions": [row] if sick else [],
            "factors": np.array([f[k] for k in FACTORS], np.float32),
            "label": label,
            "text": tokens(sentence),
            "sentence": sentence,
        }

    def affine(self) -> NDArray[np.float64]:
        """Pixel indices to RAS millimetres: rows run down, columns away from the chest."""
        affine = np.zeros((4, 4))
        affine[2, 0], affine[0, 1], affine[1, 2], affine[3, 3] = -self.spacing, -self.spacing, self.spacing, 1
        return affine

    def _film(self, name: tuple[int | str, ...], path: Array) -> Array:
        from scipy.ndimage import gaussian_filter

        through = np.exp(-gaussian_filter(path, 0.25 / self.spacing))
        if self.exposure:
            caught = 9000 * self.exposure * (self.spacing / 0.9) ** 2
            through = through + np.sqrt(through / caught) * stream(*name, "photons").standard_normal(
                path.shape, np.float32
            )
        density = -np.log(np.maximum(through, 1e-3))
        return np.clip(density / 4.2, 0, 1).astype(np.float32)


class _Breast:
    """One breast on a sheet: the chest wall at the lowest x, y down (mm)."""

    def __init__(self, s: Sheet, diameter: float):
        self.s = s
        self.f = {
            "density": float(s.random("density").beta(2, 3)), "height": s.between("height", 72, 98),
            "depth": s.between("depth", 80, 125), "thickness": s.about("thickness", 50, 8),
            "centre": s.about("centre", 4, 6),
            "nipple": s.about("nipple", 0, 8), "clump": s.about("clump", 1.3, 0.2), "tilt": s.about("tilt", 0, 0.08),
            "muscle": s.between("muscle", 15, 60), "muscle_slope": s.between("muscle slope", 0.3, 0.6),
            "ducts": s.between("ducts", 0.4, 1), "ligaments": s.between("ligaments", 0.4, 1), "diameter": diameter,
        }  # fmt: skip
        self.x, self.y = s.x + np.float32(110), s.y - np.float32(self.f["centre"])
        f, u = self.f, stream(*s.name, "mass").uniform(size=2)
        self.place = (f["depth"] * (0.2 + 0.5 * u[0]), f["height"] * (u[1] - 0.5))
        f["mass_x"], f["mass_y"] = self.place[0] - 110, self.place[1] + f["centre"]

    def path(self) -> Array:
        """Attenuation along each ray."""
        f, s, x, y = self.f, self.s, self.x, self.y
        wave = 1 + 0.03 * s.field("outline", 50.0)
        rho = np.hypot((x + f["tilt"] * y) / f["depth"], y / f["height"]) * wave
        self.rho = rho
        self.thick = f["thickness"] * np.clip(1 - rho**2.4, 0, None) ** 0.42
        away = np.hypot(x - f["depth"] * 0.97, y - f["nipple"])
        fine = sum(p**0.5 * s.field(f"texture {p}", p) for p in (2.0, 4.0, 8.0, 16.0, 32.0)) / 7.9
        ducts = sum(s.threads(f"ducts {k}", 9.0 + 5 * k, 0.12) for k in range(2)) * np.exp(-away / 45)
        strands = s.threads("ligaments", 14.0, 0.1) + 0.7 * s.threads("strands", 24.0, 0.06)
        large = s.field("clump", 38.0)
        middle = 2.5 * np.exp(-np.square(away / (0.75 * f["depth"]))) * np.exp(-np.square(y / (0.9 * f["height"])))
        logit = 1.6 * fine + f["clump"] * large + middle - 2.7 + 3 * (f["density"] - 0.4)
        gland = 1 / (1 + np.exp(-logit * 1.3)) + 0.22 * f["ducts"] * ducts + 0.12 * f["ligaments"] * strands
        self.gland = np.clip(gland, 0, 1) * inside(rho - 0.985, 0.03)
        muscle = inside(x - f["muscle"] - 10 + f["muscle_slope"] * (y + f["height"]), 3) * (rho < 1)
        self.gland = self.gland + muscle * (0.92 + 0.04 * s.field("fibres", 4.0) - self.gland)
        self.mask = np.where(rho < 1, LABELS["breast"], 0).astype(np.int16)
        self.mask[(self.gland > 0.5) & (rho < 1)] = LABELS["gland"]
        self.mask[muscle > 0.5] = LABELS["muscle"]
        skin = np.exp(-np.square((rho - 0.985) * f["depth"] / 1.2)) * (rho < 1) * 0.5
        fat = _FAT * (1 + 0.02 * s.field("fat", 6.0))
        return self.thick / 10 * (fat + (_GLAND - _FAT) * self.gland) + skin * 0.8

    def mass(self, bad: bool) -> tuple[Array, Array]:
        """Share of a mass in each pixel, and its path in mm."""
        s, r = self.s, self.f["diameter"] / 2
        x, y = self.x - self.place[0], self.y - self.place[1]
        far, angle = np.hypot(x, y) + 1e-3, np.arctan2(y, x)
        turn, stretch = s.between("turn", 0, np.pi), s.between("stretch", 1, 1.35)
        far = far * np.sqrt(np.cos(angle - turn) ** 2 / stretch + np.sin(angle - turn) ** 2 * stretch)
        spread = 1 + (0.16 if bad else 0.04) * s.field("mass", max(4.0, 0.9 * r))
        if bad:
            for k, direction in enumerate(s.random("spikes").uniform(-np.pi, np.pi, int(s.between("count", 7, 14)))):
                spread = spread + s.between(f"spike {k}", 0.2, 0.9) * np.clip(np.cos(angle - direction), 0, 1) ** 60
        level = far / (r * np.clip(spread, 0.4, 2.4))
        share = inside((level - 1) * r, 2.4 if bad else 1.0)
        chord = 2 * r * np.sqrt(np.clip(1 - np.square(level), 0, None)) * 1.5
        return share, np.where(level < 1, chord, 0) + share * 1.5

    def specks(self) -> Array:
        """Attenuation of a cluster of calcifications of 0.1 to 0.5 mm; each keeps its mass on a coarse grid."""
        s, random = self.s, self.s.random("specks")
        found = np.zeros_like(self.x)
        count = int(random.integers(6, 30)) if s.between("has specks", 0, 1) < 0.6 else 0
        places = random.normal(0, 0.5 * self.f["diameter"], (30, 2)) + self.place
        sizes = random.uniform(0.1, 0.5, 30)
        for (x, y), size in list(zip(places, sizes, strict=True))[:count]:
            width = max(size, 0.6 * s.spacing)
            rows, columns = (
                slice(*np.searchsorted(a, (c - 3 * width, c + 3 * width)))
                for a, c in ((self.y[:, 0], y), (self.x[0], x))
            )
            near = np.square(self.x[rows, columns] - x) + np.square(self.y[rows, columns] - y)
            found[rows, columns] += 2.2 * size * (size / width) ** 2 * np.exp(-near / width**2)
        return found
