"""From cases to arrays ready for training: decoded, measured, scaled once, and kept on disk."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.cases import Case
from adversaria.data.feed import Item
from adversaria.data.grid import Grid
from adversaria.data.image import Image
from adversaria.data.intensity import Intensity, Scale, Scaling
from adversaria.data.labels import Labels
from adversaria.draws import stream
from adversaria.run import write_json
from adversaria.vocabulary import UserError

Array = NDArray[np.float32]
FORMAT = 4
_AIR = -900.0
Measure = Callable[[Image, np.random.Generator], Image]


@dataclass(frozen=True)
class Plan:
    """What is done to every case.

    `bind` maps words of the batch to words of the data; `acquire` maps a new word to the word that it
    is measured from and how; `intensity` scales words of the batch; every image is put on `grid` first, if
    there is one; `describe` names all this for the cache.
    """

    bind: Mapping[str, str]
    intensity: Mapping[str, Intensity]
    acquire: Mapping[str, tuple[str, Measure]] = field(default_factory=dict)
    dims: int = 2
    seed: int = 0
    describe: str = ""
    grid: Grid | None = None


@dataclass(frozen=True)
class Prepared:
    """A case ready for training. Arrays (C, *S) lie in memory maps; with `sliced` they are (N, C, H, W).

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
        count = next(array for array in self.arrays.values() if array.ndim > 1).shape[0]
        chosen = [k for k in range(count) if slices is None or k in slices]
        words = {k: {w: array[k] if array.ndim > 1 else array for w, array in self.arrays.items()} for k in chosen}
        return [
            Item(words[k], f"{self.handle}/{k + 1}")
            for k in chosen
            if all(a.ndim < 2 or w in self.maps or float(np.ptp(a)) > 0 for w, a in words[k].items())
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
        {word: Scale(s["low"], s["high"], tuple(s["into"])) for word, s in stored["scales"].items()},
        stored["units"],
        tuple(stored["spacing"]),
        stored["sliced"],
        tuple(stored["notes"]),
        stored["axes"],
        stored["clipped"],
        frozenset(word for word, rule in plan.intensity.items() if isinstance(rule, Labels)),
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
    scales, arrays = {}, {}
    clipped = {}
    for word, name in plan.bind.items():
        image = images[name]
        if image.array.ndim < 2:
            arrays[word], clipped[word] = image.array, 0.0
            continue
        if float(np.ptp(image.array)) == 0 and not isinstance(plan.intensity[word], Labels):
            raise Constant(f"the image bound to '{word}' is constant.", "Leave it out.")
        scale = _fitted(case, word, plan.intensity[word], image)
        scales[word] = scale
        clipped[word] = scale.clipped(image.array[image.array > _AIR] if image.unit == "HU" else image.array)
        arrays[word] = scale.forward(image.array)
    first = next(images[name] for name in plan.bind.values() if images[name].array.ndim > 1)
    alike = [] if _differ(images, plan) else ["its images are equal in every voxel: there is nothing to learn"]
    sliced = plan.dims == 2 and first.array.ndim == 4
    if plan.dims == 3 and first.array.ndim == 3:
        raise UserError(
            f"case {case.handle} is a single 2D image; a 3D game needs volumes.",
            "Use a 2D recipe, or bring volumes.",
        )
    place.mkdir(parents=True, exist_ok=True)
    for word, array in arrays.items():
        if array.ndim > 1:
            array = np.ascontiguousarray(np.moveaxis(array, -1, 0) if sliced else array, np.float32)
        np.save(place / f"{word}.npy", array)
    facts: dict[str, Any] = {
        "scales": {word: asdict(scale) for word, scale in scales.items()},
        "units": {word: images[name].unit for word, name in plan.bind.items()},
        "spacing": first.spacing,
        "sliced": sliced,
        "notes": list(dict.fromkeys(t for name in plan.bind.values() for t in images[name].warnings)) + alike,
        "clipped": clipped,
        "axes": first.axes if first.array.ndim == 4 else "",
    }
    write_json(place / "facts.json", facts)


def _fitted(case: Case, word: str, rule: Intensity, image: Image) -> Scaling:
    """Fit an intensity rule to an image; a label map that is refused is named."""
    try:
        return rule.fit(image.array)
    except UserError as error:
        where = str(image.source[0] if image.source else case.handle)
        raise UserError(f"{where}: {error.message}", error.remedy) if isinstance(rule, Labels) else error from None


def _differ(images: Mapping[str, Image], plan: Plan) -> bool:
    """Whether the images that a case brings differ from each other."""
    arrays = [images[name].array for name in dict.fromkeys(plan.bind.values())]
    return len(arrays) < 2 or any(not np.array_equal(arrays[0], other) for other in arrays[1:])


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
    maps = {plan.bind.get(word, word) for word in plan.grid.labels}
    return {w: plan.grid.place(i, w in maps) if i.array.ndim > 1 else i for w, i in images.items()}
