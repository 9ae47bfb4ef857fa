"""Head MR, CT and PET of one subject on one grid."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.brain_lesions import LESIONS, Lesions
from adversaria.data.phantoms.contrast import enhanced, gradient_echo, inversion_recovery, spin_echo
from adversaria.data.phantoms.fields import between
from adversaria.data.phantoms.head import FACTORS, PARTS, Head
from adversaria.data.phantoms.misregistration import Displacement
from adversaria.data.phantoms.noise import counted, reconstructed, rician
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.scene import SCANNERS
from adversaria.data.phantoms.shapes import Canvas
from adversaria.data.phantoms.tissues import Tissue, at_field
from adversaria.draws import stream

Array = NDArray[Any]

MR = ("t1", "t2", "pd", "flair", "t1c")
CONTRASTS = (*MR, "ct", "pet")
_TISSUE = {
    0: "air", 1: "skin", 2: "fat", 3: "muscle", 4: "bone", 5: "marrow", 6: "csf", 7: "grey", 8: "white", 9: "deep grey",
    10: "deep grey", 11: "pallidum", 12: "deep grey", 13: "grey", 14: "csf", 15: "cerebellum", 16: "white", 17: "stem",
    18: "vitreous", 19: "air", 20: "oedema", 21: "tumour", 22: "tumour", 23: "necrosis", 24: "plaque", 25: "hole",
    26: "plaque",
}  # fmt: skip
# contrast agent in mM; lesions bring their own
_AGENT = {"white": 0.002, "oedema": 0.014, "skin": 0.05, "muscle": 0.02, "marrow": 0.02}
LABELS = {"scalp": 1, "skull": 2, "csf": 3, "grey": 4, "white": 5, "deep grey": 6, "lesion": 7}
_GROUPS = {
    "scalp": ("skin", "fat", "muscle", "eye"), "skull": ("skull", "marrow"), "csf": ("csf", "ventricle"),
    "grey": ("grey", "hippocampus", "cerebellum"), "white": ("white", "cerebellar white", "stem"),
    "deep grey": ("caudate", "putamen", "pallidum", "thalamus"),
    "lesion": ("oedema", "tumour", "enhancing", "core", "plaque", "hole", "enhancing plaque"),
}  # fmt: skip
_BRATS = {"core": 1, "tumour": 1, "oedema": 2, "enhancing": 4}
_TISSUES = {"csf": 1, "grey": 2, "deep grey": 2, "white": 3}


class Brain(Phantom):
    """Brain MR (t1, t2, pd, flair, t1c), CT in HU and FDG PET (SUV) of one subject on one grid.

    MR is formed by signal equations from a table of tissues at `field` tesla (gradient echo for t1 and t1c,
    spin echo for t2 and pd, inversion recovery for flair), as 1000 x white matter's signal, with shading and
    Rician `noise` (a fraction of white matter's signal). CT has a filtered back-projection's noise, PET that
    of its counts (`counts` times a full scan's). `lesion` is ms (plaques), wmh (hyperintensities of ageing),
    glioma (with mass effect) or none, in the share `prevalence` of subjects. Whether a lesion takes up
    contrast agent is independent of everything that is visible before it: no network can know it (AUC 0.5).

    Words also: `mask` (LABELS), `parts` (PARTS, finer), `tissue` (1 CSF, 2 grey, 3 white matter), `lesion`
    (instances), `brats` (1 core and solid, 2 oedema, 4 enhancing), `lesions`, `factors`, `label` (0 healthy, 1 sick),
    `fractions` on request. A 2D case is cut at the subject's own height unless `height` (mm) is given. `domain` b is
    a scanner with more shading, noise and blur; it moves no truth. With `misregistration` (mm, root mean square) there
    are also `moving` (the modality of that name after a smooth and a rigid displacement), `moving_mask` and `flow` (mm
    along rows, columns[, slices]): fixed(x) = moving(x + flow(x)).
    """

    words = (*CONTRASTS, "mask", "parts", "tissue", "lesion", "brats", "lesions", "factors", "label")
    units = {
        **dict.fromkeys(MR, "arbitrary"),
        "ct": "HU",
        "pet": "SUV",
        **dict.fromkeys(("mask", "parts", "tissue", "lesion", "brats", "label"), "labels"),
    }
    factor_names = FACTORS
    classes = ("healthy", "sick")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        lesion: str = "ms",
        prevalence: float = 0.5,
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        healthy: bool = False,
        field: float = 3.0,
        noise: float = 0.02,
        counts: float = 1.0,
        height: float | None = None,
        fractions: bool = False,
        domain: str = "a",
        misregistration: float = 0.0,
        moving: str = "ct",
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 210.0 / size, seed, prevalence, healthy)
        if lesion not in LESIONS:
            raise ValueError(f"there is no brain lesion '{lesion}'; there are {', '.join(LESIONS)}")
        if field not in (1.5, 3.0):
            raise ValueError(f"a field of {field} T is not in the table; there are 1.5 and 3.0")
        if domain not in SCANNERS or moving not in CONTRASTS:
            raise ValueError(f"scanners are {', '.join(SCANNERS)}, and what can move is {', '.join(CONTRASTS)}")
        self.domain, self.misregistration, self.moving = domain, misregistration, moving
        self.lesion, self.contrast, self.lesion_size = lesion, contrast, lesion_size
        self.field, self.noise, self.counts = field, noise, counts
        self.height, self.fractions = height, fractions

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        name = self.named(subject)
        drawn = between((*name, "height"), -5, 30)
        height = (drawn if self.height is None else self.height) if self.dims == 2 else 0.0
        axes, factors = self.axes(height), Head.factors_of(name, height)
        sick = self.lesion != "none" and self.sick(subject, healthy)
        lesions = Lesions(name, self.lesion, self.lesion_size, drawn, factors) if sick else None
        head = Head(name, axes, self.spacing, factors, lesions.swell if lesions else None)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, keep=True)
        head.paint(canvas)
        instances, table = lesions.paint(head, canvas) if lesions else (np.zeros_like(canvas.labels), [])
        parts = canvas.hard()
        mask = _GROUP[parts]
        made: dict[str, Any] = {
            **{word: self.out(image) for word, image in self.images(head, canvas.fractions, lesions).items()},
            "mask": self.out(mask),
            "parts": self.out(parts),
            "tissue": self.out(_TISSUE_OF[mask]),
            "lesion": self.out(instances),
            "brats": self.out(_BRATS_OF[parts] * (instances > 0)),
            "lesions": table,
            "factors": np.array([factors[f] for f in FACTORS], np.float32),
            "label": int(bool(table)),
        }
        if self.misregistration:
            made |= self._moved(head, canvas.fractions, lesions, mask)
        if self.fractions:
            made["fractions"] = np.concatenate([self.out(f) for f in canvas.fractions.values()])
        return made

    def images(self, head: Head, fractions: dict[int, Array], lesions: "Lesions | None") -> dict[str, Array]:
        """Form every image from the shares of the tissues."""
        signals = self._mixed(head.name, fractions, lesions.agent if lesions else 0.0)
        return {word: self._seen(head, word, signal, "noise") for word, signal in signals.items()}

    def _moved(
        self, head: Head, fractions: dict[int, Array], lesions: "Lesions | None", mask: Array
    ) -> dict[str, Array]:
        """The moving image of a pair, its mask, and how to bring it back."""
        way = Displacement.drawn(head.name, head.axes, self.spacing, self.misregistration)
        signal = self._mixed(head.name, fractions, lesions.agent if lesions else 0.0)[self.moving]
        image = self._seen(head, self.moving, way.image(signal), "moving noise")
        return {"moving": self.out(image), "moving_mask": self.out(way.labels(mask)), "flow": way.flow}

    def _seen(self, head: Head, word: str, signal: Array, take: str) -> Array:
        """What the scanner shows of a signal."""
        scanner = SCANNERS[self.domain]
        grain = 1 + np.float32(0.02) * head.field("grain", 6.0)
        random, noise = stream(*head.name, take, word), self.noise * scanner.noise
        if word == "ct":
            inside = np.clip(signal / 100 + 1, 0, 1)
            hard = np.where(signal > 200, signal * np.float32(scanner.hardness), signal)
            sigma = np.float32(4 * scanner.noise)
            return hard + 100 * (grain - 1) * inside + sigma * reconstructed(signal.shape, random, scanner.kernel)
        if word == "pet":
            scan = self._blurred(signal * grain, 5.0 + scanner.blur)
            full = 4e5 if self.dims == 2 else 2e7
            return counted(scan, full * self.counts / scanner.noise, random, 5 / 2.355 / self.spacing)
        shade = 1 + np.float32(scanner.shading * head.factors["shade"]) * head.field("shade", 90.0)
        seen = self._blurred(signal * shade * grain, scanner.blur) if scanner.blur else signal * shade * grain
        return 1000 * rician(seen, noise, random)

    def _mixed(self, name: tuple[int | str, ...], fractions: dict[int, Array], agent: float) -> dict[str, Array]:
        """Signals of MR relative to white matter's, HU and SUV, mixed by the shares of the tissues."""
        tables = {label: self.tissue(name, label) for label in fractions}
        white = _signals(self.tissue(name, 8), 0.0)
        mixed = {word: np.zeros_like(next(iter(fractions.values()))) for word in CONTRASTS}
        for label, share in fractions.items():
            taken = (
                agent if label in (PARTS["enhancing"], PARTS["enhancing plaque"]) else _AGENT.get(_TISSUE[label], 0.0)
            )
            values = _signals(tables[label], taken * (self.contrast if label >= 20 else 1))
            for word in CONTRASTS:
                scale = white[word] if word in MR else 1.0
                mixed[word] += share * np.float32(values[word] / scale)
        return mixed

    def tissue(self, name: tuple[int | str, ...], label: int) -> Tissue:
        """A subject's own tissue: 3 % spread, and lesions `contrast` times as far from white matter."""
        kind = _TISSUE[label]
        values = np.array(at_field(kind, self.field))
        if label >= 20:
            plain = np.array(at_field("white", self.field))
            values = plain + self.contrast * (values - plain)
        spread = 1 + 0.03 * np.clip(stream(*name, "tissue", kind).standard_normal(4), -2.5, 2.5)
        return Tissue(*(values * [spread[0], spread[1], spread[1], spread[2], 1, spread[3]]))

    def _blurred(self, image: Array, width: float) -> Array:
        """Blur by a scanner's `width` mm (full width at half maximum)."""
        from scipy.ndimage import gaussian_filter

        sigma = width / 2.355 / self.spacing
        return gaussian_filter(image, (sigma, sigma, sigma if self.dims == 3 else 0)).astype(np.float32)


def _signals(tissue: Tissue, agent: float) -> dict[str, float]:
    return {
        "t1": gradient_echo(tissue, 22, 5, 30),
        "t2": spin_echo(tissue, 5000, 95),
        "pd": spin_echo(tissue, 3000, 15),
        "flair": inversion_recovery(tissue, 9000, 110, 2500),
        "t1c": gradient_echo(enhanced(tissue, agent), 22, 5, 30),
        "ct": tissue.hu,
        "pet": tissue.uptake,
    }


def _lookup(values: dict[str, int], names: dict[str, int]) -> NDArray[np.int16]:
    table = np.zeros(max(names.values()) + 1, np.int16)
    for name, value in values.items():
        table[names[name]] = value
    return table


_GROUP = _lookup({part: LABELS[group] for group, parts in _GROUPS.items() for part in parts}, PARTS)
_TISSUE_OF = _lookup(_TISSUES, LABELS)
_BRATS_OF = _lookup(_BRATS, PARTS)
