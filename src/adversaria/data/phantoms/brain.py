"""Head MR, CT and PET of one subject on one grid."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, axis, between, grid
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import Canvas, Points, ellipsoid, intersection, stamp, union
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"scalp": 1, "skull": 2, "csf": 3, "grey": 4, "white": 5, "deep grey": 6, "lesion": 7}
CONTRASTS = ("t1", "t2", "pd", "flair", "t1c", "ct", "pet")
FACTORS = (
    "width",
    "length",
    "height",
    "skull",
    "scalp",
    "ventricles",
    "atrophy",
    "cortex",
    "rotation",
    "shade",
)

# tissue: T1 and T2 in ms at 1.5 T (rounded from the literature), proton density, HU, FDG uptake (relative)
TISSUES = {
    0: (1.0, 1.0, 0.0, -1000.0, 0.0),
    1: (280.0, 70.0, 0.85, -20.0, 0.5),
    2: (300.0, 20.0, 0.10, 900.0, 0.3),
    3: (4000.0, 1800.0, 1.00, 8.0, 0.3),
    4: (1050.0, 95.0, 0.82, 38.0, 4.5),
    5: (650.0, 75.0, 0.70, 29.0, 1.6),
    6: (900.0, 85.0, 0.78, 34.0, 4.2),
    7: (1300.0, 150.0, 0.88, 22.0, 0.9),
}


def spin_echo(t1: Any, t2: Any, density: Any, tr: float, te: float) -> Array:
    """Signal of a spin echo: density (1 - exp(-TR/T1)) exp(-TE/T2)."""
    return density * (1 - np.exp(-tr / t1)) * np.exp(-te / t2)


def inversion_recovery(t1: Any, t2: Any, density: Any, tr: float, te: float, ti: float) -> Array:
    """Magnitude of an inversion recovery: density |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2)."""
    return density * np.abs(1 - 2 * np.exp(-ti / t1) + np.exp(-tr / t1)) * np.exp(-te / t2)


class Brain(Phantom):
    """Brain MR (t1, t2, pd, flair, t1c), CT in HU and FDG PET of one subject on one grid.

    MR signals follow spin-echo and inversion-recovery equations from a table of tissues, with shading and
    Rician `noise` (a fraction of white matter's signal); CT and PET have noise of their own. Words also:
    `mask` (LABELS), `lesion`, `lesions`, `factors`, `fractions` on request. Lesions are white-matter
    plaques in the share `prevalence` of subjects, which enhance in t1c.
    """

    words = (*CONTRASTS, "mask", "lesion", "lesions", "factors")
    units = {
        **dict.fromkeys(CONTRASTS, "arbitrary"),
        "ct": "HU",
        "pet": "SUV",
        "mask": "labels",
        "lesion": "labels",
    }

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        noise: float = 0.02,
        prevalence: float = 0.5,
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        fractions: bool = False,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 230.0 / size, seed)
        self.noise, self.prevalence, self.contrast = noise, prevalence, contrast
        self.lesion_size, self.fractions = lesion_size, fractions

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        name = ("brain", self.seed, subject)
        height = between((*name, "height"), -5, 30) if self.dims == 2 else 0.0
        across = axis(self.size, self.spacing)
        up = axis(self.size, self.spacing) if self.dims == 3 else np.array([height], np.float32)
        head = _Head(name, (across, across, up), self.spacing)
        canvas = Canvas((self.size, self.size, len(up)), self.spacing, 0.0)
        canvas.keep_fractions()
        head.paint(canvas)
        sick = not healthy and between((*name, "sick"), 0, 1) < self.prevalence
        lesion, table = head.lesions(canvas, self.lesion_size) if sick else (np.zeros_like(canvas.labels), [])
        assert canvas.fractions is not None
        made: dict[str, Any] = {
            **{word: self._out(image) for word, image in self.images(head, canvas.fractions, name).items()},
            "mask": self._out(canvas.labels),
            "lesion": self._out(lesion),
            "lesions": table,
            "factors": np.array([head.factors[f] for f in FACTORS], np.float32),
        }
        if self.fractions:
            made["fractions"] = np.concatenate([self._out(f) for f in canvas.fractions.values()])
        return made

    def images(self, head: "_Head", fractions: dict[int, Array], name: tuple[int | str, ...]) -> dict[str, Array]:
        """Form every image from the shares of the tissues."""
        shade = 1 + 0.12 * head.factors["shade"] * head.field("shade", 90.0)
        grain = 1 + 0.015 * head.field("grain", 5.0)
        signals: dict[str, Array] = {word: np.zeros_like(next(iter(fractions.values()))) for word in CONTRASTS}
        plain = TISSUES[5]
        for label, share in fractions.items():
            tissue = np.array(TISSUES[label])
            if label == 7:
                tissue = np.array(plain) + self.contrast * (tissue - np.array(plain))
            t1, t2, density, hu, uptake = (np.float32(v) for v in tissue)
            signals["t1"] += share * spin_echo(t1, t2, density, 500, 12)
            signals["t2"] += share * spin_echo(t1, t2, density, 4500, 100)
            signals["pd"] += share * spin_echo(t1, t2, density, 4500, 15)
            signals["flair"] += share * inversion_recovery(t1, t2, density, 9000, 110, 2500)
            enhanced = np.float32(350.0) if label == 7 else t1
            signals["t1c"] += share * spin_echo(enhanced, t2, density, 500, 12)
            signals["ct"] += share * hu
            signals["pet"] += share * uptake
        found = {}
        for word, signal in signals.items():
            random = stream(*name, "noise", word).standard_normal((2, *signal.shape), np.float32)
            if word == "ct":
                found[word] = signal + 4 * random[0]
            elif word == "pet":
                found[word] = np.maximum(self._blurred(signal) + 0.15 * self._blurred(random[0]) * 4, 0)
            else:
                white = {"t1": 0.43, "t2": 0.19, "pd": 0.57, "flair": 0.11, "t1c": 0.43}[word]
                sigma = np.float32(self.noise * white)
                body = signal * shade * grain
                found[word] = 1000 * np.hypot(body + sigma * random[0], sigma * random[1])
        return found

    def _blurred(self, image: Array) -> Array:
        """Blur by a scanner's 6 mm (full width at half maximum)."""
        from scipy.ndimage import gaussian_filter

        sigma = 6 / 2.355 / self.spacing
        return gaussian_filter(image, (sigma, sigma, sigma if self.dims == 3 else 0)).astype(np.float32)

    def _out(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring (x, y, z) to (1, rows, columns[, slices])."""
        turned = array.transpose(1, 0, 2)[None]
        return np.ascontiguousarray(turned if self.dims == 3 else turned[..., 0])


class _Head:
    """One subject's head on a grid: x to the patient's left, y to the back, z up (mm)."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, voxel: float):
        self.name, self.axes, self.voxel = name, axes, voxel
        spreads = {"width": 0.045, "length": 0.045, "height": 0.04, "skull": 0.15, "scalp": 0.2}
        self.factors = {what: about((*name, what), 1, spread) for what, spread in spreads.items()}
        self.factors |= {
            "ventricles": between((*name, "ventricles"), 0.75, 1.5),
            "atrophy": between((*name, "atrophy"), 0.6, 1.7),
            "cortex": about((*name, "cortex"), 3.0, 0.25),
            "rotation": about((*name, "rotation"), 0, 0.06),
            "shade": about((*name, "shade"), 1, 0.4),
        }
        f = self.factors
        x, y, z = grid(axes)
        cosine, sine = np.cos(f["rotation"]), np.sin(f["rotation"])
        shift = [about((*name, "shift", k), 0, 3) for k in range(2)]
        x, y = (
            (x - shift[0]) * cosine + (y - shift[1]) * sine,
            (y - shift[1]) * cosine - (x - shift[0]) * sine,
        )
        warp = [2.2 * self.field(f"warp {k}", 45.0) for k in range(3)]
        self.at: Points = (
            (x / f["width"] + warp[0]).astype(np.float32),
            (y / f["length"] + warp[1]).astype(np.float32),
            (z / f["height"] + warp[2]).astype(np.float32),
        )

    def field(self, what: str, pitch: float) -> Array:
        return Lattice((*self.name, what), pitch, 160.0).on(self.axes)

    def mirrored(self, what: str, pitch: float) -> Array:
        """A field nearly symmetric about the middle plane."""
        half = self.axes[0][len(self.axes[0]) // 2 :]
        both = np.concatenate([half[::-1], half]) if len(self.axes[0]) % 2 == 0 else np.abs(self.axes[0])
        twin = Lattice((*self.name, what), pitch, 160.0).on((both, *self.axes[1:]))
        return 0.8 * twin + 0.6 * self.field(f"{what} own", pitch)

    def paint(self, canvas: Canvas) -> None:
        """Paint the head from outside in."""
        f, at = self.factors, self.at
        x, y, z = at
        outer = ellipsoid(at, (0, 0, 0), (72, 90, 74)) + 0.8 * self.field("hull", 40.0)
        canvas.paint(outer - (5 + 5 * f["scalp"]) - 6 * f["skull"], 0.0, LABELS["scalp"])
        canvas.paint(outer - 6 * f["skull"], 0.0, LABELS["skull"])
        canvas.paint(outer, 0.0, LABELS["csf"])
        depth = -(outer + 1.0 * f["atrophy"])
        folds = self.mirrored("folds", 8.5)
        slopes = np.gradient(folds, self.voxel, axis=(0, 1))
        sheet = np.abs(folds) / (np.sqrt(slopes[0] ** 2 + slopes[1] ** 2) + 0.03)
        reach = 17 + 4 * self.field("reach", 25.0)
        middle = np.abs(x) + np.clip(18 - np.abs(y) * 0.3 - z, 0, None) * 0.4
        sulcus = np.sqrt(np.square(sheet) + np.square(np.clip(depth - reach, 0, None))) - 0.55 * f["atrophy"]
        pial = np.minimum(np.minimum(depth, sulcus), middle - 0.7 * f["atrophy"])
        canvas.paint(-pial, 0.0, LABELS["grey"])
        self.white = intersection(f["cortex"] - pial, f["cortex"] - depth, 1.5)
        canvas.paint(self.white, 0.0, LABELS["white"])
        for side in (-1, 1):
            for organ, centre, axes in (
                ("caudate", (side * 14, -18, 12), (5, 12, 9)),
                ("putamen", (side * 26, -6, 4), (6, 15, 11)),
                ("thalamus", (side * 11, 8, 8), (9, 14, 10)),
            ):
                turn = side * -0.25
                sized = [a * about((*self.name, organ, k), 1, 0.08) for k, a in enumerate(axes)]
                canvas.paint(ellipsoid(at, centre, sized, turn), 0.0, LABELS["deep grey"])
            big = f["ventricles"] ** 0.7
            front = ellipsoid(at, (side * 8, -20, 16), (4.2 * big, 17, 9 * big), side * -0.3)
            trunk = ellipsoid(at, (side * 11, 8, 22), (4.5 * big, 26, 7 * big), side * 0.15)
            back = ellipsoid(at, (side * 22, 32, 12), (5 * big, 17, 8 * big), side * 0.35)
            self.ventricles = union(union(front, trunk, 4), back, 4)
            canvas.paint(self.ventricles, 0.0, LABELS["csf"])
        canvas.paint(ellipsoid(at, (0, 4, 2), (1.8 * f["ventricles"], 12, 9)), 0.0, LABELS["csf"])

    def lesions(self, canvas: Canvas, scale: float) -> tuple[NDArray[np.int16], list[dict[str, Any]]]:
        """Place plaques in white matter."""
        labels = np.zeros_like(canvas.labels)
        assert canvas.fractions is not None
        table: list[dict[str, Any]] = []
        room = np.argwhere(
            (canvas.fractions.get(5, np.zeros_like(canvas.image)) > 0.95)
            & (np.broadcast_to(self.white, labels.shape) < -3)
        )
        for number in range(1, int(stream(*self.name, "lesion count").integers(2, 6)) if len(room) else 1):
            where, u = stream(*self.name, "lesion", number).uniform(size=2)
            i, j, k = room[int(where * len(room))]
            centre = [float(np.broadcast_to(p, labels.shape)[i, j, k]) for p in self.at]
            radius = 0.5 * scale * (5 + 9 * u)
            shape = 1 + 0.15 * self.field(f"lesion shape {number}", 7.0)
            share = canvas.paint(
                ellipsoid(self.at, centre, (radius, radius, radius * 0.8)) / shape, 0.0, LABELS["lesion"]
            )
            stamp(labels, share, number)
            table.append(
                {
                    "id": number,
                    "type": "plaque",
                    "diameter_mm": 2 * radius,
                    "volume_mm3": float(share.sum() * self.voxel**3),
                }
            )
        return labels, table
