"""From cases to arrays ready for training: decoded, measured, scaled once, and kept on disk."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from adversaria.data.cases import Case
from adversaria.data.each import EachScale
from adversaria.data.feed import Item
from adversaria.data.grid import Grid
from adversaria.data.image import Image
from adversaria.data.intensity import Following, Intensity, Scale, Scaling
from adversaria.data.labels import Labels, label_map
from adversaria.data.named import GREY, bases, is_raw, named, repeats
from adversaria.draws import stream
from adversaria.run import write_json
from adversaria.vocabulary import RAW, UserError

Array = NDArray[np.float32]
FORMAT = 6
_AIR = -900.0


class Measure(Protocol):
    """A measurement of an image: what is reconstructed from it, with the raw data of the same draw."""

    def __call__(self, image: Image, random: np.random.Generator) -> Image:
        """Measure and reconstruct."""

    def scaled(self, raw: Mapping[str, NDArray[Any]], scale: Scale, unit: str) -> NDArray[Any]:
        """Give the `measurement` that the image would have had, had it been scaled before it was measured."""


@dataclass(frozen=True)
class Plan:
    """What is done to every case.

    `bind` maps words of the batch to words of the data, as `named` reads them; `acquire` maps a new word to the
    word that it is measured from and how; `intensity` scales words of the batch; every image is put on `grid`
    first, if there is one; `describe` names all this for the cache. A recipe prefixes the words by their `stream`.
    """

    bind: Mapping[str, str]
    intensity: Mapping[str, Intensity]
    acquire: Mapping[str, tuple[str, Measure]] = field(default_factory=dict)
    dims: int = 2
    seed: int = 0
    describe: str = ""
    grid: Grid | None = None
    stream: str = ""


@dataclass(frozen=True)
class Prepared:
    """A case ready for training. Arrays (C, *S) lie in memory maps; with `sliced` they are (N, C, H, W).

    Raw data are (C, ...) or (N, C, ...); the measurement is that of the scaled image.
    Numbers, () or (N,), are kept as they are: integers (a label, tokens) as int64, others (a code) as float32.
    """

    handle: str
    subject: str
    arrays: Mapping[str, Array]
    scales: Mapping[str, Scale]
    units: Mapping[str, str]
    spacing: tuple[float, ...]
    sliced: bool
    notes: tuple[str, ...]
    axes: str
    clipped: Mapping[str, float]  # the share outside a window, air around a patient apart
    maps: frozenset[str] = frozenset()  # words that are label maps; they may be empty

    def items(self, slices: range | None = None) -> list[Item]:
        """List what patches are drawn from: the case, or its slices that are not constant."""
        if not self.sliced:
            return [Item(self.arrays, self.handle)]
        count = next(array for word, array in self.arrays.items() if array.ndim > 1 and word not in RAW).shape[0]
        chosen = [k for k in range(count) if slices is None or k in slices]
        words = {k: {w: array[k] if array.ndim > 1 else array for w, array in self.arrays.items()} for k in chosen}
        return [
            Item(words[k], f"{self.handle}/{k + 1}")
            for k in chosen
            if all(a.ndim < 2 or w in self.maps or w in RAW or float(np.ptp(a)) > 0 for w, a in words[k].items())
        ]


def prepare(case: Case, plan: Plan, cache: Path) -> Prepared:
    """Prepare one case, or take it from the cache if neither it nor the plan has changed."""
    key = hashlib.sha256(repr((FORMAT, case.identity, plan.describe, plan.dims, plan.seed)).encode()).hexdigest()[:24]
    place = cache / key
    facts = place / "facts.json"
    if not facts.is_file():
        _make(case, plan, place)
    stored = json.loads(facts.read_text())
    return Prepared(
        case.handle,
        case.subject,
        {word: np.load(place / f"{word}.npy", mmap_mode="r") for word in plan.bind},
        {word: scale_of(facts) for word, facts in stored["scales"].items()},
        stored["units"],
        tuple(stored["spacing"]),
        stored["sliced"],
        tuple(stored["notes"]),
        stored["axes"],
        stored["clipped"],
        labelled(plan),
    )


def prepare_all(
    cases: Sequence[Case],
    plan: Plan,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Prepared], dict[Case, str]]:
    """Prepare every case; those that cannot be used are given with the reason, and the rest go on."""
    prepared, excluded = [], dict[Case, str]()
    for number, case in enumerate(cases):
        try:
            prepared.append(prepare(case, plan, cache))
        except Constant as error:
            excluded[case] = error.message
        progress(number + 1, len(cases))
    if not prepared:
        case, why = next(iter(excluded.items()))
        where = f" ({case.paths[0]})" if case.paths else ""
        raise UserError(
            f"no case can be used: {case.handle}{where}: {why}", "Look at the data with `adversaria data check`."
        )
    return prepared, excluded


class Constant(UserError):
    """An image in which every voxel has the same value."""


def _make(case: Case, plan: Plan, place: Path) -> None:
    images = measured(case, plan)
    maps = labelled(plan)
    bound = {word: named(images, name) for word, name in plan.bind.items()}
    bound |= {word: label_map(bound[word]) for word in maps if word in bound}
    shown = {word: image for word, image in bound.items() if image.array.ndim > 1 and not is_raw(plan.bind[word])}
    for word, image in shown.items():
        if float(np.ptp(image.array)) == 0 and not isinstance(plan.intensity[word], Labels):
            raise Constant(f"the image bound to '{word}' is constant.", "Leave it out.")
    scales = scales_of(shown, plan.intensity, case.handle)
    clipped = dict.fromkeys(bound, 0.0)
    arrays: dict[str, NDArray[Any]] = {w: i.array for w, i in bound.items() if w not in shown}
    for word, image in shown.items():
        joined = isinstance(scales[word], EachScale)
        clipped[word] = scales[word].clipped(image.array if joined else _shown(image))
        arrays[word] = scales[word].forward(image.array)
    arrays |= on_scale(images, plan, scales)
    place_of = f"{plan.stream}." if plan.stream else ""
    tripled = [
        f"the three channels of '{word}' are alike: --set bind.{word}={place_of}{plan.bind[word]}/{GREY} learns one"
        for word, image in shown.items()
        if word not in maps and len(image.array) == 3 and "+" not in plan.bind[word] and repeats(image)
    ]
    first = next(iter(shown.values()))
    alike = [] if _differ(shown) else ["its images are equal in every voxel: there is nothing to learn"]
    sliced = plan.dims == 2 and first.array.ndim == 4
    if plan.dims == 3 and first.array.ndim == 3:
        raise UserError(
            f"case {case.handle} is a single 2D image; a 3D game needs volumes.",
            "Use a 2D recipe, or bring volumes.",
        )
    place.mkdir(parents=True, exist_ok=True)
    for word, array in arrays.items():
        if array.ndim > 1:
            kind = np.complex64 if np.iscomplexobj(array) else np.float32
            array = np.ascontiguousarray(np.moveaxis(array, -1, 0) if sliced else array, kind)
        np.save(place / f"{word}.npy", array)
    facts: dict[str, Any] = {
        "scales": {word: asdict(scale) for word, scale in scales.items()},
        "units": {word: image.unit for word, image in bound.items() if word not in RAW},
        "spacing": first.spacing,
        "sliced": sliced,
        "notes": list(dict.fromkeys(t for image in bound.values() for t in image.warnings)) + alike + tripled,
        "clipped": clipped,
        "axes": first.axes if first.array.ndim == 4 else "",
    }
    write_json(place / "facts.json", facts)


def labelled(plan: Plan) -> frozenset[str]:
    """The words that are label maps."""
    return frozenset(word for word, rule in plan.intensity.items() if isinstance(rule, Labels))


def scale_of(facts: Mapping[str, Any]) -> Any:
    """Read a scale back from JSON."""
    if "parts" in facts:
        parts = tuple(scale_of(part) for part in facts["parts"])
        return EachScale(facts["low"], facts["high"], tuple(facts["into"]), parts)
    return Scale(facts["low"], facts["high"], tuple(facts["into"]), facts.get("clip", True))


def scales_of(images: Mapping[str, Image], intensity: Mapping[str, Intensity], handle: str = "") -> dict[str, Scaling]:
    """Fit the scale of each word; a word that follows another takes that one's."""
    own: dict[str, Scaling] = {}
    for word, rule in intensity.items():
        if word in images and not isinstance(rule, Following):
            own[word] = _fitted(rule, images[word], handle)
    for word, rule in intensity.items():
        if word in images and isinstance(rule, Following):
            own[word] = own[rule.word] if rule.word in own else _fitted(rule, images[word], handle)
    return own


def _fitted(rule: Intensity, image: Image, handle: str) -> Scaling:
    """Fit an intensity rule to an image; a label map that is refused is named."""
    try:
        return rule.fit(image.array)
    except UserError as error:
        where = str(image.source[0] if image.source else handle)
        raise UserError(f"{where}: {error.message}", error.remedy) if isinstance(rule, Labels) else error from None


def on_scale(images: Mapping[str, Image], plan: Plan, scales: Mapping[str, Scaling]) -> dict[str, NDArray[Any]]:
    """Give the bound measurement as that of the scaled image: one scale then holds for source, target and raw data."""
    name = plan.bind.get("measurement", "")
    base = name.partition("/")[0]
    if not is_raw(name) or base not in plan.acquire:
        return {}
    lead = next((word for word in ("source", "target", "image") if word in scales), "")
    scale = scales.get(lead)
    if not isinstance(scale, Scale) or (
        "target" in scales and (scales["target"].low, scales["target"].high) != _ends(scale)
    ):
        raise UserError(
            "a measurement is bound, but source and target are scaled differently.",
            "Write intensity: {source: !Peak {}, target: !Shared {}}, or the same !Window for both.",
        )
    image = images[base]
    return {"measurement": plan.acquire[base][1].scaled(image.raw, scale, image.unit)}


def _ends(scale: Scaling) -> tuple[float, float]:
    return scale.low, scale.high


def _shown(image: Image) -> Array:
    """The values of an image; of CT without the air around the patient."""
    return image.array[image.array > _AIR] if image.unit == "HU" else image.array


def _differ(images: Mapping[str, Image]) -> bool:
    """Whether the images that a case brings differ from each other."""
    arrays = [image.array for image in images.values()]
    return len(arrays) < 2 or any(not np.array_equal(arrays[0], other) for other in arrays[1:])


def compared(plan: Plan, slices: range | None = None) -> Plan:
    """The plan by which results are compared with a case: images on their own grids, where that can be.

    What is measured is measured on the plan's grid, and blocks of slices are counted on it: there it stays.
    """
    return plan if plan.acquire or slices is not None else replace(plan, grid=None)


def measured(case: Case, plan: Plan) -> dict[str, Image]:
    """Load a case's images and make its measurements, with noise keyed by the case."""
    images = on_grid(case.load(), plan)
    for word, (of, measure) in plan.acquire.items():
        if word not in images:
            images[word] = measure(images[of], stream("acquire", plan.seed, case.subject, word))
    return images


def on_grid(images: Mapping[str, Image], plan: Plan) -> dict[str, Image]:
    """Put a case's images on the plan's grid; numbers, and all images where there is no grid, stay as they are."""
    if plan.grid is None:
        return dict(images)
    maps = {base for word in plan.grid.labels for base in bases(plan.bind.get(word, word))}
    if any(image.raw for image in images.values()):
        raise UserError("raw data cannot be put on another grid.", "Leave the recipe's grid out.")
    return {w: plan.grid.place(i, w in maps) if i.array.ndim > 1 else i for w, i in images.items()}
