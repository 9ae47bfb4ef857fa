"""A canvas of tissues that MR, CT and PET scanners see: what is painted once appears in every modality."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.contrast import balanced, enhanced, gradient_echo, inversion_recovery, spin_echo
from adversaria.data.phantoms.fields import Axes, Lattice
from adversaria.data.phantoms.noise import counted, reconstructed, rician
from adversaria.data.phantoms.shapes import Canvas, membership
from adversaria.data.phantoms.tissues import Tissue, at_field
from adversaria.draws import stream

Array = NDArray[Any]
_WATERLESS = {"fat": 0.95, "spongy bone": 0.80, "marrow": 0.85, "red marrow": 0.45, "skin": 0.2}


class Scanner(NamedTuple):
    """What an MR and a CT scanner are like: a domain is acquisition alone, never anatomy."""

    field: float  # tesla
    shading: float
    noise: float  # times the noise asked for
    blur: float  # mm, full width at half maximum
    kernel: float  # cut of the CT kernel, in Nyquist frequencies
    hardness: float  # what dense bone's HU are multiplied by, as at another tube voltage


SCANNERS = {"a": Scanner(3.0, 0.12, 1.0, 0.0, 0.45, 1.0), "b": Scanner(1.5, 0.24, 1.7, 2.4, 0.75, 1.18)}

# MR at the settings of section 3 of the specification; all of them times in ms
SEQUENCES: dict[str, Callable[[Tissue], float]] = {
    "t1": lambda t: spin_echo(t, 600, 12),
    "t1c": lambda t: spin_echo(enhanced(t, 0.25), 600, 12),
    "t2": lambda t: spin_echo(t, 4000, 100),
    "pd": lambda t: spin_echo(t, 2800, 25),
    "spgr": lambda t: gradient_echo(t, 5, 2.3, 12),
    "bssfp": lambda t: balanced(t, 3.2, 1.6, 50),
    "stir": lambda t: inversion_recovery(t, 4500, 50, 200),
}
# words that stand for a sequence
_CALLED = {"mr": "bssfp"}


class Scene(Canvas):
    """Paints tissues by name, and keeps what each modality of `words` sees of them (`stack`).

    MR is relative to `reference`'s signal in the same sequence, CT in HU, PET in SUV; `fat` and `water` are the two
    parts of a gradient echo, and `pdfs` is pd without fat; a word of `tables` has one value for each tissue ("" for
    all others). Times, densities and CT numbers vary by a few per cent between subjects.
    """

    def __init__(
        self,
        name: tuple[int | str, ...],
        axes: Axes,
        voxel: float,
        words: Sequence[str],
        reference: str = "fat",
        domain: str = "a",
        own: Mapping[str, Tissue] | None = None,
        dims: int = 2,
        reach: float = 270.0,
        tables: Mapping[str, Mapping[str, float]] | None = None,
    ):
        super().__init__((len(axes[0]), len(axes[1]), len(axes[2])), voxel)
        self.name, self.axes, self.words, self.dims = name, axes, tuple(words), dims
        self.scanner, self.reference, self.own = SCANNERS[domain], reference, dict(own or {})
        self.stack = np.zeros((len(self.words), *self.image.shape), np.float32)
        if "ct" in self.words:
            self.stack[self.words.index("ct")] = -1000.0
        self.reach = reach
        self.tables = {word: dict(table) for word, table in (tables or {}).items()}
        self._known: dict[str, Array] = {}
        self._fields: dict[tuple[str, float], Array] = {}

    def field(self, what: str, pitch: float) -> Array:
        """A random field of the subject; made once."""
        if (what, pitch) not in self._fields:
            self._fields[what, pitch] = Lattice((*self.name, what), pitch, self.reach).on(self.axes)
        return self._fields[what, pitch]

    def lay(
        self,
        distance: Array,
        tissue: str,
        label: int | None = None,
        within: Array | float = 1.0,
        texture: Array | float = 0.0,
    ) -> Array:
        """Paint a tissue where `distance` is negative; give its shares. `texture` varies its signals by so much."""
        share = np.broadcast_to(membership(distance, self.voxel) * within, self.image.shape)
        box = _box(share)
        if box is None:
            return share
        part, values = share[box], self.values(tissue)[:, None, None, None]
        stack = self.stack[(slice(None), *box)]
        if not isinstance(texture, float):
            values = values * (1 + np.broadcast_to(texture, self.image.shape)[box][None])
        stack += part * (values - stack)
        if label is not None:
            self.labels[box][part > 0.5] = label
        return share

    def values(self, tissue: str) -> Array:
        """What the modalities see of a tissue in this subject."""
        if tissue not in self._known:
            self._known[tissue] = np.array([self._value(word, tissue) for word in self.words], np.float32)
        return self._known[tissue]

    def _value(self, word: str, name: str) -> float:
        if word in self.tables:
            spread = np.clip(stream(*self.name, word, name).standard_normal(), -2, 2)
            return float(self.tables[word].get(name, self.tables[word][""]) * (1 + 0.03 * spread))
        tissue, base = self._tissue(name), self._tissue(self.reference)
        if word == "ct":
            return tissue.hu * (self.scanner.hardness if tissue.hu > 200 else 1.0)
        if word == "pet":
            return tissue.uptake
        oil = _WATERLESS.get(name, 0.03)
        if word == "pdfs":
            return (1 - 0.95 * oil) * SEQUENCES["pd"](tissue) / SEQUENCES["pd"](base)
        if word in ("fat", "water"):
            share = oil if word == "fat" else 1 - oil
            return share * SEQUENCES["spgr"](tissue) / SEQUENCES["spgr"](base)
        return SEQUENCES[word](tissue) / SEQUENCES[word](base)

    def _tissue(self, name: str) -> Tissue:
        plain = self.own[name] if name in self.own else at_field(name, self.scanner.field)
        spread = np.clip(stream(*self.name, "tissue", name).standard_normal(5), -2.5, 2.5)
        factor = 1 + 0.03 * spread
        hu = plain.hu + (3 * spread[3] if abs(plain.hu) < 150 else 0.04 * abs(plain.hu) * spread[3])
        return Tissue(
            plain.t1 * factor[0], plain.t2 * factor[1], plain.t2star * factor[1], plain.density * factor[2],
            hu if plain.hu > -900 else plain.hu, plain.uptake * (1 + 0.12 * spread[4]),
        )  # fmt: skip

    def clean(self, word: str) -> Array:
        """What a modality sees, without noise and shading. `inphase` and `opposed` are made of fat and water."""
        word = _CALLED.get(word, word)
        if word in ("inphase", "opposed"):
            fat, water = (self.stack[self.words.index(part)] for part in ("fat", "water"))
            return fat + water if word == "inphase" else np.abs(water - fat)
        return self.stack[self.words.index(word)]

    def seen(self, word: str, noise: float, clean: Array | None = None, take: str = "noise") -> Array:
        """What the scanner shows: shaded, grained, blurred and noisy. `noise` is a fraction of the reference's signal.

        CT has 400 times as many HU, PET counts that fall with its square.
        """
        signal = self.clean(word) if clean is None else clean
        grain = 1 + np.float32(0.025) * self.field("grain", 6.0)
        random, sigma = stream(*self.name, take, word), noise * self.scanner.noise
        if word == "ct":
            body = np.clip(signal / 100 + 1, 0, 1)
            sharp = self._blurred(signal + 140 * (grain - 1) * body, 1.5 if self.scanner.kernel < 0.5 else 0.8)
            return sharp + np.float32(400 * sigma) * reconstructed(signal.shape, random, self.scanner.kernel)
        if word == "pet":
            spot = self._blurred(signal * grain, 5.5)
            full = (4e5 if self.dims == 2 else 2e7) * (0.03 / noise) ** 2 if noise else 0.0
            return counted(spot, full, random, 5 / 2.355 / self.voxel) if noise else spot
        shade = 1 + np.float32(self.scanner.shading) * self.field("shade", 110.0)
        seen = self._blurred(signal * grain * shade, self.scanner.blur)
        return np.float32(1000) * rician(seen, sigma, random)

    def _blurred(self, image: Array, width: float) -> Array:
        from scipy.ndimage import gaussian_filter

        sigma = width / 2.355 / self.voxel
        return gaussian_filter(image, (sigma, sigma, 0)).astype(np.float32) if sigma > 0.1 else image


def _box(share: Array) -> tuple[slice, ...] | None:
    """The smallest box that holds everything above 0."""
    some = share > 0
    found = []
    for way in range(3):
        line = np.flatnonzero(some.any(tuple(k for k in range(3) if k != way)))
        if not len(line):
            return None
        found.append(slice(int(line[0]), int(line[-1]) + 1))
    return tuple(found)
