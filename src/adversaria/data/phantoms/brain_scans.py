"""Scans of the brain beside the common ones: 7 T, magnetisation transfer, anisotropy, two tracers, arteries."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.arteries import arteries
from adversaria.data.phantoms.brain import Brain
from adversaria.data.phantoms.brain_lesions import Lesions
from adversaria.data.phantoms.contrast import gradient_echo
from adversaria.data.phantoms.fields import between
from adversaria.data.phantoms.head import PARTS, Head
from adversaria.data.phantoms.noise import counted, rician
from adversaria.draws import stream

Array = NDArray[Any]

# T1 in ms at 7 T: Wright 2008 for white, grey, putamen and caudate; other tissues as their 3 T time times 1.3
_AT_7 = {"white": 1126.0, "grey": 1939.0, "deep grey": 1660.0}
_SHARES = ("mtr", "fa", "myelin", "amyloid")
# of a tissue: magnetisation transfer ratio, anisotropy, myelin (relative to white matter), amyloid tracer negative
# and positive (relative to the cerebellum)
_VALUES = {
    "white": (0.42, 0.45, 1.0, 1.25, 1.35), "grey": (0.32, 0.15, 0.35, 1.05, 1.65),
    "deep grey": (0.33, 0.2, 0.4, 1.1, 1.5), "stem": (0.40, 0.4, 0.8, 1.3, 1.35),
    "cerebellum": (0.31, 0.15, 0.35, 1.0, 1.0), "csf": (0.03, 0.05, 0.0, 0.4, 0.4),
    "muscle": (0.45, 0.2, 0.0, 0.4, 0.4), "skin": (0.3, 0.1, 0.0, 0.4, 0.4), "fat": (0.05, 0.05, 0.0, 0.2, 0.2),
    "lesion": (0.24, 0.2, 0.5, 1.1, 1.2),
}  # fmt: skip
_GROUP = {
    "white": ("white", "cerebellar white"), "grey": ("grey", "hippocampus"), "csf": ("csf", "ventricle", "eye"),
    "deep grey": ("caudate", "putamen", "pallidum", "thalamus"), "stem": ("stem",), "cerebellum": ("cerebellum",),
    "muscle": ("muscle",), "skin": ("skin",), "fat": ("fat", "marrow"),
    "lesion": ("oedema", "tumour", "enhancing", "core", "plaque", "hole", "enhancing plaque"),
}  # fmt: skip
_OF = {PARTS[part]: group for group, parts in _GROUP.items() for part in parts}


class BrainScans(Brain):
    """The brain phantom with further scans of the same people on the same grid.

    `t1_3t` and `t1_7t` are one sequence at two fields: the first blurred to twice the voxel, the second with half the
    noise, the times of 7 T and shading of 40 %. `mtr` and `fa` (0 to 1) are magnetisation transfer and diffusion
    anisotropy; `myelin` and `amyloid` are tracers (relative to white matter and to the cerebellum, with a scanner's
    blur and counts). How much myelin a plaque has lost (0.2 to 0.8) does not follow from its T2, and is seen in `mtr`
    in part alone. Half the subjects take up amyloid in their cortex (`positive`, 0 or 1), whatever their MR. `mra` is
    angiography by inflow, `vessels` its arteries (0 or 1), which leave a faint trace of large ones in t1 and t2.
    """

    scans = ("t1_3t", "t1_7t", *_SHARES, "mra")
    words = (*Brain.words, *scans, "vessels", "positive")  # type: ignore[assignment]
    units = {
        **Brain.units, **dict.fromkeys(scans, "relative"), "t1_3t": "arbitrary", "t1_7t": "arbitrary",
        "mra": "arbitrary", "vessels": "labels",
    }  # fmt: skip

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as the brain phantom's."""
        return "Brain", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = super().case(subject, healthy)
        made["vessels"] = (made["vessels"] > 0.5).astype(np.int16)
        return {**made, "positive": int(self.positive(self.named(subject)))}

    @staticmethod
    def positive(name: tuple[int | str, ...]) -> bool:
        """Whether a subject's cortex takes up amyloid."""
        return between((*name, "amyloid"), 0, 1) < 0.5

    def images(self, head: Head, fractions: dict[int, Array], lesions: Lesions | None) -> dict[str, Array]:
        """Form every image from the shares of the tissues."""
        name, found = head.name, super().images(head, fractions, lesions)
        random = {word: stream(*name, "noise", word) for word in self.scans}
        vessels = arteries(name, head.at, self.spacing) * np.float32(head.hull < 2)
        for word, trace in (("t1", 0.12), ("t2", -0.3)):
            large = np.clip(2 * vessels - 1, 0, 1)
            found[word] = (found[word] * (1 + np.float32(trace) * large)).astype(np.float32)
        strong = self._strong(name, fractions)
        shade = 1 + np.float32(0.4 * head.factors["shade"] / 1.4) * head.field("shade 7", 90.0)
        coarse = self._blurred(found["t1"], 2 * self.spacing)
        found["t1_3t"] = rician(coarse, 10.0, random["t1_3t"])
        found["t1_7t"] = 1000 * rician(strong * shade, self.noise / 2, random["t1_7t"])
        for k, word in enumerate(_SHARES):
            found[word] = self._share(head, fractions, word, k, random[word])
        brain = np.float32(head.hull < 0)
        inflow = 0.16 * brain + 0.10 * np.float32(found["pd"] > 200) + np.float32(0.9) * vessels
        found["mra"] = 1000 * rician(inflow.astype(np.float32), self.noise, random["mra"])
        found["vessels"] = vessels
        return found

    def _strong(self, name: tuple[int | str, ...], fractions: dict[int, Array]) -> Array:
        """The gradient echo at 7 T, relative to white matter's."""
        seven = {}
        for label in fractions:
            tissue, group = self.tissue(name, label), _OF.get(label, "")
            first = _AT_7.get(group, 1.3 * tissue.t1) if group in _AT_7 else 1.3 * tissue.t1
            seven[label] = gradient_echo(tissue._replace(t1=first, t2star=0.6 * tissue.t2star), 30, 4, 30)
        white = gradient_echo(self.tissue(name, 8)._replace(t1=_AT_7["white"]), 30, 4, 30)
        found = np.zeros_like(next(iter(fractions.values())))
        for label, share in fractions.items():
            found += share * np.float32(seven[label] / white)
        return found

    def _share(
        self, head: Head, fractions: dict[int, Array], word: str, column: int, random: np.random.Generator
    ) -> Array:
        """A scan whose values are a table: anisotropy varies within white matter, myelin within plaques."""
        found = np.zeros_like(next(iter(fractions.values())))
        column += int(word == "amyloid" and self.positive(head.name))
        for label, share in fractions.items():
            value: Any = _VALUES.get(_OF.get(label, ""), (0.0,) * 5)[column]
            if word == "fa" and _OF.get(label) == "white":
                value = value + 0.08 * head.field("tracts", 12.0)
            if word in ("myelin", "mtr") and _OF.get(label) == "lesion":
                loss = np.clip(0.5 + 0.2 * head.field("demyelination", 8.0), 0.2, 0.8)
                value = 1 - loss if word == "myelin" else 0.42 - 0.2 * loss + 0.04 * head.field("oedema", 9.0)
            found += share * np.asarray(value, np.float32)
        if word in ("myelin", "amyloid"):
            full = 4e5 if self.dims == 2 else 2e7
            return counted(self._blurred(found, 5.0), full * self.counts, random, 5 / 2.355 / self.spacing)
        white = random.standard_normal(found.shape, np.float32)
        return np.clip(found + np.float32(0.02) * white, 0, 1).astype(np.float32)
