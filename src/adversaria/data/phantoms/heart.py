"""Heart MR and CT in the short axis: a slice or a stack, at any phase."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.contrast import balanced
from adversaria.data.phantoms.fields import Axes, Lattice, about, between, grid
from adversaria.data.phantoms.noise import reconstructed, rician
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import Canvas, Points, centroid, ellipsoid, intersection, stamp, union
from adversaria.data.phantoms.tissues import Tissue
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"left ventricle": 1, "myocardium": 2, "right ventricle": 3, "left atrium": 4, "right atrium": 5, "aorta": 6}
_AROUND = {"air": 0, "muscle": 7, "fat": 8, "lung": 9, "liver": 10, "right wall": 11}
FACTORS = (
    "radius", "length", "wall", "ejection_fraction", "twist", "right", "right_turn", "papillary", "rotation", "shift_x",
    "shift_y", "fat", "chest", "slice", "infarct",
)  # fmt: skip
# at 1.5 T: T1, T2 in ms, proton density, HU with arterial contrast, and the signal after gadolinium
_TISSUES: dict[int, tuple[float, float, float, float, float]] = {
    0: (1, 1, 0, -1000, 0),
    1: (1441, 290, 0.95, 350, 0.55), 2: (1030, 40, 0.85, 110, 0.08), 3: (1441, 290, 0.95, 190, 0.55),
    4: (1441, 290, 0.95, 340, 0.55), 5: (1441, 290, 0.95, 180, 0.55), 6: (1441, 290, 0.95, 360, 0.55),
    7: (1008, 44, 0.80, 60, 0.15), 8: (343, 58, 0.80, -95, 0.85), 9: (1200, 30, 0.18, -840, 0.03),
    10: (586, 46, 0.90, 90, 0.30), 11: (1030, 40, 0.85, 105, 0.10),
}  # fmt: skip
_SCAR = 0.95


class Heart(Phantom):
    """Short-axis heart: cine MR (balanced, 1.5 T), late enhancement, CT (HU), with chambers as truth.

    The left ventricle is a half ellipsoid whose wall keeps its volume while it contracts: `phase` runs from 0 (full)
    over 0.35 (emptiest) to 1. A 2D case lies at the subject's own height (or at `height`: 0 mm is the base, the apex
    lies below), and its `label` says where (0 basal, 1 middle, 2 apical); of a stack the label says what is missing
    at its ends (0 nothing, 1 the base, 2 the apex), in the share `incomplete`. The share `prevalence` has an
    infarct, which shows in `lge` alone. Words also: `mask` (LABELS, the rest 0), `lesion`, `lesions`, `factors`. The
    image's left is the right ventricle's side.
    """

    words = ("cine", "lge", "ct", "mask", "lesion", "lesions", "factors", "label")
    units = {
        "cine": "arbitrary", "lge": "arbitrary", "ct": "HU", "mask": "labels", "lesion": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        phase: float = 0.0,
        prevalence: float = 0.5,
        incomplete: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        noise: float = 0.03,
        height: float | None = None,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 200.0 / size, seed, prevalence, healthy)
        self.phase, self.incomplete, self.contrast, self.noise = phase, incomplete, contrast, noise
        self.height = height
        self.classes = ("basal", "middle", "apical") if dims == 2 else ("complete", "base missing", "apex missing")

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its twin without the infarct."""
        name = self.named(subject)
        height, label = self._level(name)
        axes = self.axes(height)
        heart = _Heart(name, axes, self.phase, height)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, keep=True)
        heart.paint(canvas)
        scar, table = np.zeros_like(canvas.image), []
        lesion = np.zeros_like(canvas.labels)
        if self.sick(subject, healthy):
            scar = heart.scar(canvas)
            if scar.max() > 0.05:
                stamp(lesion, scar, 1)
                table = [
                    {
                        "id": 1, "type": "infarct", "centre_mm": centroid(scar, axes), "diameter_mm": 2.0 * heart.outer,
                        "volume_mm3": float(scar.sum()) * self.spacing**3,
                    }
                ]  # fmt: skip
        mask = canvas.hard()
        mask[mask > 6] = 0
        return {
            **{word: self.out(image) for word, image in self._images(heart, canvas, scar).items()},
            "mask": self.out(mask),
            "lesion": self.out(lesion),
            "lesions": table,
            "factors": np.array([heart.f[k] for k in FACTORS], np.float32),
            "label": label,
        }

    def _level(self, name: tuple[int | str, ...]) -> tuple[float, int]:
        """Where the image lies along the long axis (0 at the base, down to the apex), and its class."""
        u, v = stream(*name, "level").uniform(size=2)
        if self.dims == 2:
            height = -70 + 68 * u if self.height is None else self.height
            return height, 0 if height > -25 else 1 if height > -48 else 2
        label = 0 if u >= self.incomplete else 1 + int(2 * v)
        half = self.size * self.spacing / 2
        return {0: -40.0, 1: -18.0 - half, 2: -52.0 + half}[label], label

    def _images(self, heart: "_Heart", canvas: Canvas, scar: Array) -> dict[str, Array]:
        white = balanced(Tissue(1441, 290, 45, 0.95, 0, 0), 3.0, 1.5, 50)
        cine, late, ct = (np.zeros_like(canvas.image) for _ in range(3))
        for label, share in canvas.fractions.items():
            t1, t2, density, hu, after = _TISSUES[label]
            spread = about((*heart.name, "tissue", label), 1, 0.03)
            cine += share * np.float32(spread * balanced(Tissue(t1, t2, 30, density, 0, 0), 3.0, 1.5, 50) / white)
            late += share * np.float32(spread * after)
            ct += share * np.float32(hu)
        late += scar * (np.float32(self.contrast * (_SCAR - _TISSUES[2][4])))
        shade = 1 + 0.2 * heart.field("shade", 110.0)
        grain = 1 + 0.04 * heart.field("grain", 5.0) + 0.05 * heart.field("flow", 11.0)
        streams = {word: stream(*heart.name, "noise", word) for word in ("cine", "lge", "ct")}
        return {
            "cine": 1000 * rician(cine * shade * grain, self.noise, streams["cine"]),
            "lge": 1000 * rician(late * shade * grain, self.noise, streams["lge"]),
            "ct": ct + 120 * (grain - 1) + np.float32(600 * self.noise) * reconstructed(ct.shape, streams["ct"]),
        }


class _Heart:
    """One subject's chest around the heart: x to the left, y to the back, z from the base (0) to the apex (down)."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, phase: float, height: float):
        self.name, self.axes = name, axes
        ejection = about((*name, "ejection"), 0.60, 0.06)
        beat = np.sin(np.pi * np.clip(phase / 0.7, 0, 1)) ** 2
        self.f = {
            "radius": about((*name, "radius"), 24.5, 2.0), "length": about((*name, "length"), 88, 5),
            "wall": about((*name, "wall"), 8.5, 1.1), "ejection_fraction": ejection,
            "twist": about((*name, "twist"), 0.14, 0.03), "right": about((*name, "right"), 1, 0.1),
            "right_turn": about((*name, "right turn"), 0, 0.2), "papillary": about((*name, "papillary"), 4.2, 0.7),
            "rotation": about((*name, "rotation"), 0, 0.25), "shift_x": about((*name, "x"), 12, 5),
            "shift_y": about((*name, "y"), 4, 5), "fat": between((*name, "fat"), 4, 24),
            "chest": about((*name, "chest"), 1, 0.07), "slice": height,
            "infarct": between((*name, "infarct"), 0.25, 1.0),
        }  # fmt: skip
        f, self.beat = self.f, float(beat)
        # the long axis shortens by 16 % at most, and the radius takes what the ejection fraction leaves
        self.length = f["length"] * (1 - 0.16 * self.beat)
        emptied = 1 - ejection * self.beat
        self.inner = float(f["radius"] * np.sqrt(emptied * f["length"] / self.length))
        wall = (f["radius"] + f["wall"]) ** 2 * (f["length"] + f["wall"]) - f["radius"] ** 2 * f["length"]
        self.outer = float(np.sqrt((wall + self.inner**2 * self.length) / (self.length + f["wall"])))
        self.at = self._posed()

    def field(self, what: str, pitch: float) -> Array:
        return Lattice((*self.name, what), pitch, 190.0).on(self.axes)

    def _posed(self) -> Points:
        x, y, z = grid(self.axes)
        x, y = x - np.float32(self.f["shift_x"]), y - np.float32(self.f["shift_y"])
        wave = [2.0 * self.field(f"warp {k}", 35.0) for k in range(2)]
        return x + wave[0], y + wave[1], np.broadcast_to(z, wave[0].shape)

    def _turned(self) -> Points:
        """Coordinates of the heart, turned about its long axis and twisted by its beat."""
        x, y, z = self.at
        angle = self.f["rotation"] + self.f["twist"] * self.beat * (z + 45) / 45
        c, s = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        return c * x + s * y, c * y - s * x, z

    def paint(self, canvas: Canvas) -> None:
        self._chest(canvas)
        f, at = self.f, self._turned()
        x, y, z = at
        depth = np.minimum(z, 0)
        half: Points = (x, y, depth)
        outer = ellipsoid(half, (0, 0, 0), (self.outer, self.outer, self.length + f["wall"]))
        cavity = ellipsoid(half, (0, 0, 0), (self.inner, self.inner, self.length))
        outer, cavity = intersection(outer, z - 1, 1), intersection(cavity, z - 1, 1)
        shrink = np.float32(1 - 0.22 * self.beat)
        c, s = np.float32(np.cos(f["right_turn"])), np.float32(np.sin(f["right_turn"]))
        turned: Points = (c * x + s * y, c * y - s * x, depth)
        size = f["right"] * shrink
        right = ellipsoid(turned, (-26 * f["right"], -8, 0), (float(31 * size), float(37 * size), 0.92 * self.length))
        right = intersection(right, z - 1, 1)
        canvas.paint(np.minimum(outer, right - 3.2) - np.float32(4), label=_AROUND["fat"])
        canvas.paint(right - 3.2, label=_AROUND["right wall"])
        canvas.paint(right, label=LABELS["right ventricle"])
        self._great_vessels(canvas, at)
        canvas.paint(outer, label=LABELS["myocardium"])
        canvas.paint(cavity, label=LABELS["left ventricle"])
        for angle in (0.6, 2.5):
            out, thick = 0.62 * self.inner, f["papillary"]
            place = (out * np.cos(angle), out * np.sin(angle), -0.45 * self.length)
            muscle = ellipsoid((x, y, z), place, (thick, thick, 22))
            canvas.paint(intersection(muscle, cavity), label=LABELS["myocardium"])
        self.level = (np.hypot(x, y), np.arctan2(y, x), cavity, outer)

    def _great_vessels(self, canvas: Canvas, at: Points) -> None:
        if float(at[2].max()) < -8:
            return
        above = -at[2]
        for label, centre, axes in (
            ("left atrium", (14, 20, 24), (27, 22, 26)),
            ("right atrium", (-36, 14, 22), (24, 24, 25)),
            ("aorta", (-4, -6, 30), (13, 13, 60)),
        ):
            canvas.paint(intersection(ellipsoid(at, centre, axes), above + 1, 1), label=LABELS[label])

    def _chest(self, canvas: Canvas) -> None:
        f, (x, y, z) = self.f, self.at
        k = np.float32(f["chest"])
        x, y = x / k, y / k
        flat = 0 * z
        wall = ellipsoid((x, y, flat), (-18, 28, 0), (132, 104, 1)) + 2 * self.field("wall", 40.0)
        canvas.paint(wall - np.float32(f["fat"]), label=_AROUND["fat"])
        canvas.paint(wall, label=_AROUND["muscle"])
        ribs = np.abs((np.arctan2(y - 28, x + 18) * 6.0 + self.f["rotation"] * 9) % 2 - 1) - 0.45
        canvas.paint(intersection(wall + 5, -wall - 11, 1) + 8 * np.clip(ribs, 0, None), label=_AROUND["fat"])
        lung = wall + 14
        canvas.paint(lung, label=_AROUND["lung"])
        middle = ellipsoid((x, y, flat), (-24, -12, 0), (42, 74, 1))
        canvas.paint(intersection(middle, lung, 4), label=_AROUND["fat"])
        below = ellipsoid((x, y, flat), (-52, 92, 0), (92, 62, 1)) + 0.25 * z + 12
        canvas.paint(intersection(below, lung, 4), label=_AROUND["liver"])
        spine = union(ellipsoid((x, y, flat), (-40, 112, 0), (22, 20, 1)), wall + 200, 1)
        canvas.paint(intersection(spine, wall + 6), label=_AROUND["muscle"])

    def scar(self, canvas: Canvas) -> Array:
        """Share of each voxel that is scar: a sector of the wall from the inside out."""
        radius, angle, cavity, outer = self.level
        u = stream(*self.name, "sector").uniform(size=3)
        away = np.abs((angle - 2 * np.pi * u[0] + np.pi) % (2 * np.pi) - np.pi) - (0.35 + 0.6 * u[1])
        through = cavity / np.maximum(cavity - outer, 1e-3)
        inner = (through - self.f["infarct"]) * np.float32(self.f["wall"])
        edge = np.maximum(away * np.maximum(radius, 1), inner + 1.2 * self.field("scar", 7.0))
        reach = np.abs(self.at[2] + 10 + 50 * u[2]) - 32
        return np.clip(0.5 - np.maximum(edge, reach) / 1.5, 0, 1) * canvas.fractions.get(LABELS["myocardium"], 0.0)
