"""A patch of lung CT with a nodule: 2D or 3D, benign or malignant."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, between, grid
from adversaria.data.phantoms.noise import reconstructed
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sentences import tokens
from adversaria.data.phantoms.shapes import Canvas, centroid, ellipsoid, stamp
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"lung": 1, "wall": 2, "bone": 3, "vessel": 4, "nodule": 5}
FACTORS = (
    "diameter", "spiculation", "lobulation", "density", "calcified", "elongation", "lung", "gravity", "vessels", "wall",
    "wall_angle", "place_x", "place_y", "edge",
)  # fmt: skip
MARGINS, DENSITIES = ("smooth", "lobulated", "spiculated"), ("solid", "part-solid", "ground-glass")


class LungNodule(Phantom):
    """Lung CT (HU) around a nodule, about 50 mm wide, with vessels and in a third of the cases the chest wall.

    Diameters are log-normal, benign about 6 mm and malignant about 13 mm; malignant ones are more often spiculated,
    benign ones more often calcified, and the classes overlap (AUC 0.88 from the true attributes).
    `malignant` is the share of malignant nodules and `place` any or pleura. Words also: `erased` (the middle 32 mm
    replaced by lung), `weight` (5 where it was erased and 3 mm around, else 1), `mask` (LABELS), `lesion`,
    `lesions`, `factors`, `label`, `text` (tokens of `sentence`).
    """

    words = ("ct", "erased", "weight", "mask", "lesion", "lesions", "factors", "label", "text", "sentence")
    units = {"ct": "HU", "erased": "HU", "weight": "relative", "mask": "labels", "lesion": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("benign", "malignant", "none")

    def __init__(
        self,
        size: int = 64,
        dims: int = 2,
        spacing: float | None = None,
        prevalence: float = 1.0,
        malignant: float = 0.5,
        place: str = "any",
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        healthy: bool = False,
        noise: float = 18.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 50.0 / size, seed, prevalence, healthy)
        if place not in ("any", "pleura"):
            raise ValueError(f"there is no place '{place}'; there are any and pleura")
        self.malignant, self.place, self.contrast = malignant, place, contrast
        self.lesion_size, self.noise = lesion_size, noise

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its twin without the nodule."""
        name = self.named(subject)
        axes = self.axes()
        nodule = Nodule(name, self.malignant, self.lesion_size, self.place)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, -850.0)
        scene = _Scene(name, axes, nodule)
        scene.paint(canvas)
        sick = self.sick(subject, healthy)
        lesion, table = scene.add(canvas, self.contrast) if sick else (np.zeros_like(canvas.labels), [])
        grain = np.float32(self.noise) * reconstructed(canvas.image.shape, stream(*name, "noise"))
        image = self._blurred(canvas.image) + grain
        cut = np.broadcast_to(functools.reduce(np.maximum, [np.abs(p) for p in grid(axes)]), image.shape)
        label = int(nodule.malignant) if table else 2
        sentence = nodule.sentence() if table else "no nodule in the lung"
        return {
            "ct": self.out(image),
            "erased": self.out(np.where(cut < 16, scene.f["lung"], image).astype(np.float32)),
            "weight": self.out(np.where(cut < 19, 5.0, 1.0).astype(np.float32)),
            "mask": self.out(canvas.labels),
            "lesion": self.out(lesion),
            "lesions": table,
            "factors": np.array([scene.f[f] for f in FACTORS], np.float32),
            "label": label,
            "text": tokens(sentence),
            "sentence": sentence,
        }

    def _blurred(self, image: Array) -> Array:
        """Blur within the slice by 1.2 mm (full width at half maximum)."""
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(image, (0.5 / self.spacing, 0.5 / self.spacing, 0)).astype(np.float32)


class Nodule:
    """What a subject's nodule is like."""

    def __init__(self, name: tuple[int | str, ...], share: float, scale: float, place: str):
        u = stream(*name, "nodule").uniform(size=10)
        normal = float(np.clip(stream(*name, "diameter").standard_normal(), -2, 2))
        self.malignant = u[0] < share
        median, low, high = (13.5, 4.0, 30.0) if self.malignant else (5.8, 3.0, 18.0)
        self.diameter = scale * float(np.clip(median * np.exp(0.62 * normal), low, high))
        sharp, round_ = (0.48, 0.25) if self.malignant else (0.18, 0.55)
        self.margin = MARGINS[0] if u[1] < round_ else MARGINS[2] if u[1] > 1 - sharp else MARGINS[1]
        self.calcified = u[2] < (0.06 if self.malignant else 0.22)
        self.density = DENSITIES[0] if self.calcified or u[3] < 0.65 else DENSITIES[1] if u[3] < 0.85 else DENSITIES[2]
        self.cavity = self.malignant and u[4] < 0.08 and self.diameter > 10
        self.at_wall = place == "pleura" or u[5] < 0.35
        self.hu = 30 + 30 * u[6] if self.density != "ground-glass" else -600 + 120 * u[6]
        self.spikes = stream(*name, "spikes").standard_normal((int(6 + 9 * u[7]), 3))
        self.spikes[:, 2] *= 0.25
        self.spikes /= np.linalg.norm(self.spikes, axis=1, keepdims=True)
        self.reach = (0.4 + 0.5 * u[8]) if self.margin == "spiculated" else 0.0
        self.lobes = {"smooth": 0.05, "lobulated": 0.2, "spiculated": 0.12}[self.margin]
        self.axes = tuple(about((*name, "axes", k), 1, 0.1) for k in range(3))

    def sentence(self) -> str:
        """Describe it."""
        size = "small" if self.diameter < 6 else "medium" if self.diameter < 12 else "large"
        words = ["a", size, self.margin, "calcified" if self.calcified else self.density, "nodule"]
        words += ["with", "a", "cavity"] if self.cavity else []
        return " ".join(words + (["near", "the", "pleura"] if self.at_wall else ["in", "the", "lung"]))


class _Scene:
    """The lung around it, on a grid."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, nodule: Nodule):
        self.name, self.axes, self.nodule, self.at = name, axes, nodule, grid(axes)
        angle = between((*name, "wall angle"), 0, 2 * np.pi)
        self.f = {
            "diameter": nodule.diameter, "spiculation": nodule.reach, "lobulation": nodule.lobes, "density": nodule.hu,
            "calcified": between((*name, "calcium"), 150, 400) * nodule.calcified, "elongation": nodule.axes[0],
            "lung": about((*name, "lung"), -850, 22), "gravity": about((*name, "gravity"), 0.8, 0.4),
            "vessels": about((*name, "vessels"), 1, 0.2), "wall_angle": angle,
            "wall": nodule.diameter / 2 + between((*name, "wall"), -1, 4) if nodule.at_wall else 60.0,
            "place_x": about((*name, "x"), 0, 2), "place_y": about((*name, "y"), 0, 2),
            "edge": between((*name, "edge"), 0.8, 1.6),
        }  # fmt: skip

    def field(self, what: str, pitch: float) -> Array:
        return Lattice((*self.name, what), pitch, 70.0).on(self.axes)

    def lines(self, what: str, pitch: float, radius: float) -> Array:
        """Distance to vessels: tubes along the lines where two fields vanish."""
        (a, da), (b, db) = (Lattice((*self.name, what, k), pitch, 70.0).with_slopes(self.axes) for k in range(2))
        near = [np.abs(f) / (np.sqrt(np.square(d).sum(0)) + np.float32(0.02)) for f, d in ((a, da), (b, db))]
        return np.hypot(*near) - np.float32(radius)

    def paint(self, canvas: Canvas) -> None:
        f, (x, y, _) = self.f, self.at
        canvas.image[:] = f["lung"] + f["gravity"] * y + 30 * self.field("lung", 10.0) + 14 * self.field("fine", 3.0)
        canvas.labels[:] = LABELS["lung"]
        for what, pitch, radius in (("trunks", 17.0, 1.3), ("branches", 9.0, 0.6)):
            canvas.paint(self.lines(what, pitch, radius * f["vessels"]), 10.0, LABELS["vessel"])
        if f["wall"] < 50:
            c, s = np.float32(np.cos(f["wall_angle"])), np.float32(np.sin(f["wall_angle"]))
            out, along = c * x + s * y, c * y - s * x
            wall = f["wall"] - out - np.square(along) / 180 + 0.6 * self.field("pleura", 14.0)
            canvas.paint(wall, 45 + 6 * self.field("muscle", 5.0), LABELS["wall"])
            canvas.paint(wall + 7, -95 + 6 * self.field("fat", 5.0), LABELS["wall"])
            start = between((*self.name, "rib"), -9, 9)
            rib = ellipsoid((out - f["wall"] - 4.5, along - start, 0 * out), (0, 0, 0), (3.5, 7.5, 1))
            canvas.paint(rib, 650.0, LABELS["bone"])
            canvas.paint(rib + 1.5, 250.0, LABELS["bone"])

    def add(self, canvas: Canvas, contrast: float) -> tuple[NDArray[np.int16], list[dict[str, Any]]]:
        """Put the nodule in."""
        n, f, r = self.nodule, self.f, self.nodule.diameter / 2
        away = [p - np.float32(c) for p, c in zip(self.at, (f["place_x"], f["place_y"], 0.0), strict=True)]
        far = np.sqrt(sum(np.square(a / np.float32(s)) for a, s in zip(away, n.axes, strict=True))) + np.float32(1e-3)
        spread: Array = (
            1 + n.lobes * self.field("lobes", max(3.0, 1.1 * r)) + 0.05 * self.field("rough", max(2.0, 0.5 * r))
        )
        for direction in n.spikes if n.reach else ():
            cosine = sum(np.float32(d) * a for d, a in zip(direction, away, strict=True)) / far
            spread = spread + np.float32(n.reach) * np.clip(cosine, 0, 1) ** 40
        level = far / (r * np.clip(spread, 0.5, 2.5))
        soft = 3.0 if n.density == "ground-glass" else f["edge"]
        share = np.clip(0.5 - (level - 1) * r / np.float32(max(soft, canvas.voxel)), 0, 1)
        value: Array = n.hu + 12 * self.field("nodule", 3.0)
        if n.density == "part-solid":
            value = -580 + np.clip((0.6 - level) * 6, 0, 1) * (value + 580)
        if n.calcified:
            value = np.where(level < 0.6, np.float32(f["calcified"]), value)
        if n.cavity:
            value = np.where(level < 0.45, np.float32(-920), value)
        host = canvas.labels <= LABELS["lung"]
        change = np.where(host | (canvas.labels == LABELS["vessel"]), value - canvas.image, np.float32(0))
        canvas.image += np.float32(contrast) * share * change
        labels = np.zeros_like(canvas.labels)
        stamp(labels, share, 1)
        canvas.labels[labels > 0] = LABELS["nodule"]
        row = {
            "id": 1, "type": n.density, "class": LungNodule.classes[int(n.malignant)], "diameter_mm": n.diameter,
            "margin": n.margin, "calcified": bool(n.calcified), "cavity": bool(n.cavity),
            "spicules": len(n.spikes) if n.reach else 0,
            "centre_mm": centroid(share, self.axes), "volume_mm3": float(share.sum()) * canvas.voxel**3,
        }  # fmt: skip
        return labels, [row]
