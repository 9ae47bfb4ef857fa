"""Tissue sections stained with haematoxylin and eosin, in three laboratories."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.nuclei import KINDS, LAWS, draw
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet, ellipse, inside
from adversaria.data.phantoms.tissue_plan import FACTORS, TISSUES, Plan
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"stroma": 1, "epithelium": 2, "lumen": 3, "tumour": 4, "lymphoid": 5, "membrane": 6, "vessel": 7}
# optical densities of haematoxylin and of eosin in red, green, blue; the white of the slide; grey scale; blur in um
LABS = {
    "a": ((0.563, 0.720, 0.406), (0.216, 0.801, 0.558), (0.95, 0.94, 0.955), 1.0, 0.42),
    "b": ((0.650, 0.704, 0.286), (0.300, 0.900, 0.280), (0.90, 0.90, 0.93), 0.9, 0.7),
    "c": ((0.480, 0.780, 0.400), (0.120, 0.870, 0.470), (0.97, 0.95, 0.93), 1.08, 0.5),
}
_DEPTH = 0.62


class Histology(Phantom):
    """A section stained with haematoxylin and eosin, colour in 0 to 1; `width` um wide (160).

    `tissue` is gland, tumour (nests), lymph node or cervix (an epithelium on its basal membrane); `label` is the
    grade 0 to 2: irregular, crowded glands with more rows of larger nuclei, or atypia that reaches higher. `domain`
    is the laboratory that `image` comes from, or any, a laboratory of each section's own; `scan_a`, `scan_b`,
    `scan_c` are the same section in every one (stain vectors, white point, grey scale, blur), so a stain's transfer
    has an exact truth. `rendered` is the section as flat polygons without texture. Words also: `mask` (LABELS),
    `glands` and `nuclei` (instances), `kinds` (KINDS), `haematoxylin` and `eosin` (amounts), `stains` (2, 3),
    `factors`, `label`.
    """

    words = (
        "image", "scan_a", "scan_b", "scan_c", "rendered", "mask", "glands", "nuclei", "kinds", "haematoxylin", "eosin",
        "stains", "factors", "label",
    )  # fmt: skip
    units = {
        **dict.fromkeys(("image", "scan_a", "scan_b", "scan_c", "rendered"), "reflectance"),
        **dict.fromkeys(("mask", "glands", "nuclei", "kinds", "label"), "labels"),
        "haematoxylin": "density", "eosin": "density",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("grade 0", "grade 1", "grade 2")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        tissue: str = "gland",
        width: float = 160.0,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        if tissue not in TISSUES:
            raise ValueError(f"there is no tissue '{tissue}'; there are {', '.join(TISSUES)}")
        if domain not in (*LABS, "any"):
            raise ValueError(f"there is no laboratory '{domain}'; there are {', '.join(LABS)} and any")
        super().__init__(size, dims, 0.001 * width / size, seed)
        self.tissue, self.width, self.domain, self.noise = tissue, width, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one section."""
        name = (*self.named(subject), self.tissue)
        grade = int(3 * stream(*name, "grade").uniform())
        plan = Plan(name, self.tissue, grade, self.width)
        section = Section(plan, Sheet(name, self.size, 1000 * self.spacing, 0.62 * self.width))
        lab = self.laboratory(name)
        scans = {f"scan_{one}": photograph(section, one, self.noise) for one in LABS}
        return {
            "image": scans[f"scan_{lab}"], **scans, "rendered": section.rendered(),
            "mask": section.mask[None], "glands": section.glands[None], "nuclei": section.which[None],
            "kinds": section.kinds[None], "haematoxylin": section.stained[0][None], "eosin": section.stained[1][None],
            "stains": stains(name, lab)[0], "factors": np.array([plan.f[k] for k in FACTORS], np.float32),
            "label": grade,
        }  # fmt: skip

    def laboratory(self, name: tuple[int | str, ...]) -> str:
        """Where a section was stained and scanned."""
        if self.domain != "any":
            return self.domain
        return tuple(LABS)[int(len(LABS) * stream(*name, "laboratory").uniform())]


class Section:
    """What a section holds on a grid: `stained` (haematoxylin and eosin), nuclei and their kinds, glands, parts."""

    def __init__(self, plan: Plan, s: Sheet):
        self.plan, self.s = plan, s
        self.distance, self.which, self.out = draw(s, plan.nuclei)
        table = np.concatenate([[0], plan.nuclei.kinds]).astype(np.int16)
        self.kinds = table[self.which]
        self.mask = np.full(s.x.shape, LABELS["stroma"], np.int16)
        self.glands = np.zeros_like(self.mask)
        self.stained = self._ground()
        self._vessel()
        self._nuclei()
        thick = np.float32(plan.f["thickness"]) * (1 + 0.06 * s.field("thickness", 50.0))
        for k, amount in enumerate(("haematoxylin", "eosin")):
            self.stained[k] = (self.stained[k] * thick * np.float32(plan.f[amount])).clip(0, None).astype(np.float32)

    def _ground(self) -> list[Array]:
        """Stroma, glands, nests and epithelium, without nuclei."""
        s, plan, f = self.s, self.plan, self.plan.f
        self.gland, number, lumen = plan.outside(s.x, s.y)
        course = plan.course(s, self.gland)
        bundles = 0.5 + 0.5 * np.sin(2 * np.pi * course / 11 + 2.6 * s.field("bundles", 9.0))
        fibre = 0.5 + 0.5 * np.sin(2 * np.pi * course / 3.7 + 2.2 * s.field("fibres", 4.0))
        fibre = (0.55 * bundles + 0.45 * fibre) * np.clip(0.75 + 0.3 * s.field("loose", 26.0), 0.2, 1.3)
        cleft = 0.9 * inside((f["clefts"] - 0.75 * s.field("clefts", 18.0) - 0.6 * bundles) * 9, 1.6)
        eosin = (0.20 + 0.30 * fibre * f["collagen"]) * (1 - cleft)
        haem = 0.07 * (1 - cleft)
        fine = 1 + 0.10 * s.field("plasma", 2.5) + 0.06 * s.field("grain", 1.1)
        if plan.tissue == "gland":
            share = inside(self.gland, 1.2)
            vacuoles = 0.22 * np.clip(s.field("vacuoles", 3.2) - 0.3, 0, 1) * inside(-lumen - 9, 8)
            eosin, haem = _over((eosin, haem), share, (0.40 * fine - vacuoles, 0.20 * fine - 0.5 * vacuoles))
            hollow = lumen if plan.grade < 2 else np.maximum(7 * (0.75 - s.field("sieve", 11.0)), self.gland + 9)
            hollow = np.maximum(hollow, 1.2 - self.distance) + 0.6 * s.field("brush", 3.0)
            eosin, haem = _over((eosin, haem), inside(hollow, 1.4), (0.02 + 0.02 * fine, 0.01))
            self.mask[share > 0.5] = LABELS["epithelium"]
            self.mask[inside(hollow, 1.4) * share > 0.5] = LABELS["lumen"]
            self.glands[share > 0.5] = number[share > 0.5] + 1
        elif plan.tissue == "tumour":
            share = inside(-6 * plan.nests(s), 2.0)
            pale = 0.16 * np.exp(-np.square((self.distance - 2.2) / 0.8))
            eosin, haem = _over((eosin, haem), share, (0.38 * fine - pale, 0.24 * fine - 0.5 * pale))
            self.mask[share > 0.5] = LABELS["tumour"]
        elif plan.tissue == "lymph node":
            share = inside(-8 * (1.3 - s.field("sinus", 30.0)), 4.0)
            eosin, haem = _over((eosin, haem), share, (0.20 * fine, 0.20 * fine))
            self.mask[share > 0.5] = LABELS["lymphoid"]
        else:
            depth = s.y - plan.border(s.x)
            share = inside(depth, 1.2)
            cells = 0.10 * np.exp(-np.square((self.distance - 3.0) / 1.0))
            eosin, haem = _over((eosin, haem), share, (0.40 * fine - cells, 0.12 * fine))
            line = np.exp(-np.square(depth / 1.3))
            eosin = eosin + 0.45 * line
            self.mask[share > 0.5] = LABELS["epithelium"]
            self.mask[np.abs(depth) < max(1.3, 0.6 * s.spacing)] = LABELS["membrane"]
        return [haem, eosin]

    def _vessel(self) -> None:
        """A small vessel with red cells in the stroma."""
        s, plan = self.s, self.plan
        if plan.tissue not in ("gland", "tumour"):
            return
        x, y, radius = plan.vessel
        tube = ellipse(s.x - x, s.y - y, (radius, radius * 0.85), plan.f["angle"]) + 0.4 * s.field("tube", 8.0)
        share = inside(tube, 1.4)
        places = s.random("red cells").uniform(-radius, radius, (int(0.09 * radius**2), 2))
        red = np.zeros_like(s.x)
        for dx, dy in places:
            red = np.maximum(red, inside(np.hypot(s.x - x - dx, s.y - y - dy) - 3.1, 0.9))
        red = red * inside(tube + 1.5, 1.0)
        self.stained[0] = self.stained[0] * (1 - share) + 0.02 * share
        self.stained[1] = self.stained[1] * (1 - share) + share * (0.03 + 0.9 * red) + 0.3 * np.exp(-np.square(tube))
        self.mask[share > 0.5] = LABELS["vessel"]
        self.glands[share > 0.5] = 0

    def _nuclei(self) -> None:
        """Chromatin with a rim, texture by kind, nucleoli in tumour cells."""
        s, nuclei = self.s, self.plan.nuclei
        share = inside(self.distance, max(0.8, s.spacing))
        stain = np.concatenate([[0], nuclei.stains]).astype(np.float32)[self.which]
        rough = np.array([0, *(LAWS[k][4] for k in range(1, 6))], np.float32)[self.kinds]
        texture = 1 + rough * (s.field("chromatin", 3.2) + 0.6 * s.field("fine", 1.6))
        rim = 0.86 + 0.30 * np.exp(-np.square((self.out - 0.92) / 0.16))
        spot = 0.5 * inside(6 * (1.55 - s.field("nucleoli", 3.6)), 1.6) * (self.kinds == KINDS["tumour"])
        inked = share * (self.which > 0)
        self.stained[0] = self.stained[0] * (1 - inked) + inked * stain * (np.clip(texture, 0.45, 1.6) * rim + spot)
        self.stained[1] = self.stained[1] * (1 - inked) + inked * 0.22

    def rendered(self) -> Array:
        """The section as flat polygons: every part and every nucleus in one tone."""
        tones = np.array(
            [(0.93, 0.91, 0.94), (0.88, 0.70, 0.80), (0.80, 0.58, 0.74), (0.95, 0.94, 0.96), (0.76, 0.56, 0.74),
             (0.82, 0.68, 0.82), (0.84, 0.42, 0.60), (0.90, 0.45, 0.50)], np.float32,
        )  # fmt: skip
        dark = np.array(
            [(0, 0, 0), (0.40, 0.25, 0.55), (0.38, 0.24, 0.52), (0.28, 0.18, 0.46), *2 * [(0.42, 0.28, 0.56)]]
        )  # fmt: skip
        found = np.where(self.kinds[..., None] > 0, dark[self.kinds], tones[self.mask])
        return np.ascontiguousarray(np.moveaxis(found, -1, 0), np.float32)


def _over(below: tuple[Array, Array], share: Array, values: tuple[Any, Any]) -> tuple[Array, Array]:
    return below[0] + share * (values[0] - below[0]), below[1] + share * (values[1] - below[1])


def stains(name: tuple[int | str, ...], lab: str) -> tuple[Array, Array]:
    """A slide's own stain vectors (2, 3) and white (3,): the laboratory's with a little jitter."""
    random = stream(*name, "slide", lab)
    vectors = np.array(LABS[lab][:2]) + 0.012 * random.standard_normal((2, 3))
    white = np.clip(np.array(LABS[lab][2]) + 0.008 * random.standard_normal(3), 0, 1)
    return vectors.astype(np.float32), white.astype(np.float32)


def photograph(section: Section, lab: str, noise: float) -> Array:
    """The section as a laboratory stains and scans it (3, rows, columns)."""
    from scipy.ndimage import gaussian_filter

    s = section.s
    vectors, white = stains(s.name, lab)
    density = sum(v[:, None, None] * c[None] for v, c in zip(vectors, section.stained, strict=True))
    colour = white[:, None, None] * 10 ** (-_DEPTH * np.asarray(density, np.float32))
    sigma = LABS[lab][4] / s.spacing
    colour = gaussian_filter(colour, (0, sigma, sigma)) ** np.float32(LABS[lab][3])
    return camera(colour, stream(*s.name, "camera", lab), 2e-4 * noise, 0.008 * noise)
