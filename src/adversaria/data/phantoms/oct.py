"""Optical coherence tomography of the retina: eleven borders, speckle, shadows, fluid, drusen."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, axis, between, grid
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import centroid, stamp
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {
    "vitreous": 1, "nerve fibres": 2, "ganglion cells": 3, "inner plexiform": 4, "inner nuclear": 5,
    "outer plexiform": 6, "outer nuclear": 7, "photoreceptors": 8, "pigment epithelium": 9, "choroid": 10, "sclera": 11,
}  # fmt: skip
LESIONS = ("cyst", "subretinal fluid", "drusen")
FACTORS = (
    "tilt", "curve", "depth", "fovea", "thickness", "nerve", "ganglion", "nuclear", "outer", "choroid", "signal",
    "vessels", "lesion_x", "lesion_size",
)  # fmt: skip
# um at the fovea, in the ring of 1 to 3 mm and of 3 to 6 mm; reflectivity
_LAYERS = {
    2: (11, 21, 35, 0.85), 3: (12, 50, 37, 0.50), 4: (18, 41, 30, 0.60), 5: (15, 39, 33, 0.34), 6: (23, 33, 27, 0.56),
    7: (88, 68, 55, 0.22), 8: (72, 67, 65, 0.45),
}  # fmt: skip
# shape of the speckle's distribution, blur (px of 4 um), floor
_DEVICES = {"a": (1.6, 0.55, 0.020), "b": (3.2, 0.9, 0.035)}


class OCT(Phantom):
    """OCT of the retina (0 to 1, logarithmic), 1 mm deep and `width` mm wide (3): a B-scan, or a stack of them.

    Rows run into the eye, columns across it. The share `prevalence` has intraretinal cysts, subretinal fluid or
    drusen (`label` is 0 normal, then these). `mask` names the layers (LABELS), `borders` (10, columns[, slices]) are
    their surfaces in um. With prevalence 0 only healthy eyes are made, for anomaly detection; `domain` is the device.
    Words also: `image`, `anomaly` (where the disease is; layers around it may be displaced), `lesions`, `factors`.
    """

    words = ("image", "mask", "borders", "anomaly", "lesions", "factors", "label")
    units = {"image": "relative", "mask": "labels", "anomaly": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("normal", *LESIONS)

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        prevalence: float = 0.5,
        contrast: float = 1.0,
        width: float = 3.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        if domain not in _DEVICES:
            raise ValueError(f"there is no device '{domain}'; there are {', '.join(_DEVICES)}")
        super().__init__(size, dims, 1.0 / size, seed, prevalence, healthy)
        self.contrast, self.width, self.domain, self.noise = contrast, width, domain, noise

    def axes(self, height: float = 0.0) -> Axes:
        """Coordinates (mm): x across, y into the eye (0 to 1), z from scan to scan."""
        across = axis(self.size, self.width / self.size)
        aside = axis(self.size, self.width / self.size) if self.dims == 3 else np.array([height], np.float32)
        return across, axis(self.size, self.spacing, 0.5), aside

    def spacings(self) -> tuple[float, ...]:
        """Millimetres along rows, columns[, slices]."""
        wide = self.width / self.size
        return (self.spacing, wide) if self.dims == 2 else (self.spacing, wide, wide)

    def affine(self) -> NDArray[np.float64]:
        """Voxel indices to millimetres: rows run to posterior, columns to the left, slices up."""
        wide = self.width / self.size
        affine = np.zeros((4, 4))
        affine[1, 0], affine[0, 1], affine[2, 2], affine[3, 3] = -self.spacing, -wide, -1, 1
        affine[2, 2] = wide if self.dims == 3 else self.spacing
        return affine

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one eye, or its twin without the disease."""
        name, axes = self.named(subject), self.axes()
        kind = int(3 * stream(*name, "disease").uniform()) if self.sick(subject, healthy) else -1
        eye = _Retina(name, axes, LESIONS[kind] if kind >= 0 else "", self.width)
        share, table = eye.lesion, list[dict[str, Any]]()
        lesion = np.zeros(share.shape, np.int16)
        if kind >= 0 and share.max() > 0.05:
            stamp(lesion, share, 1)
            size = eye.f["lesion_size"]
            table = [{"id": 1, "type": LESIONS[kind], "diameter_mm": size, "centre_mm": centroid(share, axes)}]
        return {
            "image": self.out(self._scan(name, eye)), "mask": self.out(eye.mask), "borders": eye.borders(),
            "anomaly": self.out(lesion), "lesions": table, "factors": np.array([eye.f[k] for k in FACTORS], np.float32),
            "label": kind + 1,
        }  # fmt: skip

    def _scan(self, name: tuple[int | str, ...], eye: "_Retina") -> Array:
        """Speckle, blur and logarithm."""
        from scipy.ndimage import gaussian_filter

        shape, blur, floor = _DEVICES[self.domain]
        change = eye.reflectivity - eye.healthy
        signal = np.clip(eye.healthy + np.float32(self.contrast) * change, 0.0, None)
        random = stream(*name, "speckle")
        grains = random.gamma(shape, 1 / shape, signal.shape) if self.noise else 1.0
        signal = signal * (1 + self.noise * (grains - 1)) if self.noise <= 1 else signal * grains
        sigma = blur * 128 / 256 * 4 / (1000 * self.spacing) * 2
        signal = gaussian_filter(signal, (0.5 * sigma, sigma, 0))
        if self.noise > 0:
            signal = signal + 0.006 * self.noise * random.gamma(1.0, 1.0, signal.shape)
        return np.clip(np.log10(signal + floor) / 1.75 + 1, 0, 1).astype(np.float32)


class _Retina:
    """Layers of one retina on a grid: `mask`, `reflectivity` with the lesion and `healthy` without, `lesion` shares."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, disease: str, width: float):
        self.name, self.axes, self.disease = name, axes, disease
        self.f = {
            "tilt": about((*name, "tilt"), 0, 0.03), "curve": about((*name, "curve"), 0.014, 0.006),
            "depth": about((*name, "depth"), 0.62, 0.04), "fovea": about((*name, "fovea"), 0, 0.18),
            "thickness": about((*name, "thickness"), 1, 0.05),
            **{k: about((*name, k), 1, 0.08) for k in ("nerve", "ganglion", "nuclear", "outer", "choroid", "signal")},
            "vessels": between((*name, "vessels"), 0, 1), "lesion_x": between((*name, "lesion x"), -0.8, 0.8),
            "lesion_size": between((*name, "lesion size"), 0.22, 0.6),
        }  # fmt: skip
        self.x, self.y, self.z = (np.asarray(p, np.float32) for p in grid(axes))
        self.signal = np.float32(0.6 * self.f["signal"])
        self._stack()
        self._fill()

    def field(self, what: str, pitch: float) -> Array:
        return Lattice((*self.name, what), pitch, 2.6).on(self.axes)

    def line(self, what: str, pitch: float) -> Array:
        """A field across the eye, the same at all depths: (x, 1, z)."""
        flat = (self.axes[0], np.zeros(1, np.float32), self.axes[2])
        return Lattice((*self.name, what), pitch, 2.6).on(flat)

    def _stack(self) -> None:
        """Borders from the pigment epithelium upwards (mm, y grows into the eye); fluid and drusen push them."""
        f, x, z = self.f, self.x, self.z
        far = np.hypot(x - f["fovea"], z)
        base = f["depth"] + f["tilt"] * x + f["curve"] * (np.square(x) + np.square(z)) + 0.006 * self.line("base", 0.8)
        aside = np.hypot(x - f["lesion_x"], z)
        self.lift = np.zeros_like(base)
        self.bumps = np.zeros_like(base)
        if self.disease == "subretinal fluid":
            self.lift = 0.10 * np.clip(1 - np.square(aside / f["lesion_size"]), 0, 1)
        if self.disease == "drusen":
            places = stream(*self.name, "drusen").uniform(-1, 1, (7, 3))
            for a, b, c in places:
                centre, radius = f["lesion_x"] + a * f["lesion_size"], 0.13 + 0.05 * c
                round_ = np.square((x - centre) / radius) + np.square((z - 0.4 * b) / (2 * radius))
                self.bumps = np.maximum(self.bumps, (0.055 + 0.02 * b) * np.clip(1 - round_, 0, 1) ** 0.5)
        own = {2: "nerve", 3: "ganglion", 5: "nuclear", 7: "outer"}
        self.tops: dict[int, Array] = {9: base - self.bumps}
        # what lies on a druse or on fluid is pushed, the less the further it is
        top = base - np.maximum(self.bumps, self.lift)
        for layer, yields in ((8, 0.0), (7, 0.35), (6, 0.35), (5, 0.15), (4, 0.1), (3, 0.05), (2, 0.0)):
            top = top + yields * np.maximum(self.bumps, 0.7 * self.lift)
            fovea, ring, outer, _ = _LAYERS[layer]
            near = 1 - np.exp(-((far / 0.75) ** 2.4))
            thick = fovea + (ring - fovea) * near + (outer - ring) * np.clip((far - 1.5) / 1.5, 0, 1)
            scale = f["thickness"] * f.get(own.get(layer, ""), 1.0) * (1 + 0.06 * self.line(f"layer {layer}", 0.5))
            top = top - np.maximum(thick * scale, 3) / 1000
            self.tops[layer] = top
        self.base = base
        self.floor = base + 0.26 * f["choroid"] + 0.02 * self.line("sclera", 0.7)

    def borders(self) -> Array:
        """Ten surfaces in um, from the inner limiting membrane to the sclera: (10, columns[, slices])."""
        tops = [self.tops[k] for k in (2, 3, 4, 5, 6, 7, 8, 9)] + [self.base + 0.016, self.floor]
        found = 1000 * np.stack([np.broadcast_to(t, (len(self.x), 1, self.z.shape[2]))[:, 0] for t in tops])
        return found.astype(np.float32) if found.shape[2] > 1 else found[..., 0].astype(np.float32)

    def _fill(self) -> None:
        y = self.y
        shape = (self.x.shape[0], y.shape[1], self.z.shape[2])
        soft = np.float32(max(float(self.axes[1][1] - self.axes[1][0]), 0.004))
        image = np.full(shape, 0.004, np.float32)
        self.mask = np.full(shape, LABELS["vitreous"], np.int16)

        def lay(top: Array, value: Any, label: int) -> None:
            share = np.clip(0.5 + (y - top) / soft, 0, 1)
            image[...] += share * (value - image)
            self.mask[np.broadcast_to(share, shape) > 0.5] = label

        texture = 1 + 0.10 * self.field("texture", 0.06)
        for layer in range(2, 9):
            lay(self.tops[layer], self.signal * _LAYERS[layer][3] * texture, layer)
        zone = self.tops[8] + 0.024
        image += 0.35 * self.signal * np.exp(-np.square((y - zone) / 0.008))
        self.plain = image.copy()
        gap = np.clip(0.5 + (y - (self.base - np.maximum(self.lift, self.bumps))) / soft, 0, 1)
        gap = gap * np.clip(0.5 - (y - self.tops[9] - 0 * self.base) / soft, 0, 1) * (self.lift > 0.002)
        image += gap * (0.012 - image)
        lay(self.tops[9], self.signal * 0.95, 9)
        under = np.clip(0.5 + (y - self.tops[9] - 0.016) / soft, 0, 1) * (self.bumps > 0.004)
        image += under * (0.38 * self.signal - image)
        lay(self.base + 0.016, 0.0, 10)
        deep = np.clip(y - self.base, 0, None)
        lumina = 1 - 0.6 * np.clip(self.field("lumina", 0.11) - 0.3, 0, 1)
        image[...] = np.where(self.mask == 10, 0.55 * self.signal * np.exp(-deep / 0.11) * lumina * texture, image)
        lay(self.floor, 0.10 * self.signal * np.exp(-np.clip(deep - 0.26, 0, None) / 0.12), 11)
        self.lesion = np.zeros(shape, np.float32)
        self.healthy = image.copy()
        if self.disease == "subretinal fluid":
            self.lesion = np.broadcast_to(gap, shape).astype(np.float32)
            self.healthy = np.where(self.lesion > 0.02, 0.4 * self.signal, image).astype(np.float32)
        elif self.disease == "drusen":
            rise = np.clip(0.5 + (y - self.tops[9]) / soft, 0, 1) * np.clip(0.5 - (y - self.base) / soft, 0, 1)
            self.lesion = np.broadcast_to(rise * (self.bumps > 0.004), shape).astype(np.float32)
        elif self.disease == "cyst":
            self._cysts(image)
        self._shadows(image)
        self.reflectivity = image

    def _cysts(self, image: Array) -> None:
        """Dark holes between the inner nuclear and the outer nuclear layer, within the retina."""
        f = self.f
        hosts = np.clip(0.5 - np.maximum(self.tops[5] + 0.006 - self.y, self.y - self.tops[8] + 0.01) / 0.008, 0, 1)
        for a, b, c, d in stream(*self.name, "cysts").uniform(size=(5, 4)):
            centre = f["lesion_x"] + (a - 0.5) * f["lesion_size"]
            k = int(np.argmin(np.abs(self.axes[0] - centre)))
            level = self.tops[6][min(k, len(self.tops[6]) - 1), 0, self.z.shape[2] // 2] + 0.03 * (b - 0.3)
            size = (0.06 + 0.10 * c, 0.025 + 0.035 * d)
            round_ = np.hypot((self.x - centre) / size[0], (self.y - level) / size[1])
            round_ = np.hypot(round_, self.z / (1.5 * size[0]))
            share = np.clip(0.5 - (round_ - 1) * size[1] / 0.006, 0, 1) * hosts
            self.lesion = np.maximum(self.lesion, share).astype(np.float32)
        image += self.lesion * (0.006 - image)

    def _shadows(self, image: Array) -> None:
        """Vessels in the nerve fibres darken what lies behind them."""
        places = stream(*self.name, "vessels").uniform(-1.5, 1.5, (6, 2))[: 2 + int(4 * self.f["vessels"])]
        for place, _ in places:
            if abs(place - self.f["fovea"]) < 0.35:
                continue
            line = np.exp(-np.square((self.x - place - 0.1 * self.z) / 0.03))
            behind = np.clip(0.5 + (self.y - self.tops[3]) / 0.02, 0, 1)
            for what in (image, self.healthy):
                what *= 1 - 0.5 * line * behind
