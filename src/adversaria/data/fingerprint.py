"""What a user's data are like: a few images of every word, looked at once and summed up."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from adversaria.data.found import Found, Source
from adversaria.data.image import Image
from adversaria.vocabulary import UserError

LOOKED_AT = 6
MOST_LABELS = 64
_LABELS = re.compile(r"mask|label|seg|gold|annot|vessel|fov|contour|truth", re.IGNORECASE)
_LOSSY = (".jpg", ".jpeg")


@dataclass(frozen=True)
class WordFacts:
    """What the looked-at images of one word have in common.

    `kind` is ct, pet, colour, labels, picture (8 bits) or grey (an arbitrary unit, as MR has); `sizes` the
    smallest and the largest side along each axis; `values` the labels of a label map; `low` and `high` the
    1st and 99th percentile, `least` and `most` the extremes.
    """

    name: str
    kind: str
    cases: int
    channels: int
    sizes: tuple[tuple[int, int], ...]
    spacing: tuple[float, ...]
    unit: str
    low: float
    high: float
    least: float
    most: float
    values: tuple[int, ...] = ()
    lossy: bool = False
    equal_channels: bool = False

    @property
    def dims(self) -> int:
        """Axes of space: 3 for volumes."""
        return len(self.sizes)

    @property
    def stacked(self) -> bool:
        """Whether slices are more than twice as thick as their pixels, or fewer than 24: work in 2D then."""
        if self.dims != 3 or min(low for low, _ in self.sizes) < 24:
            return True
        return bool(self.spacing) and max(self.spacing) > 2.0 * min(self.spacing)

    def said(self) -> str:
        """One line for people."""
        size = " x ".join(str(a) if a == b else f"{a}-{b}" for a, b in self.sizes)
        spacing = f", {' x '.join(f'{s:.3g}' for s in self.spacing)} mm" if self.spacing else ""
        held = f"labels {_listed(self.values)}" if self.kind == "labels" else f"{self.low:.4g} to {self.high:.4g}"
        channels = f", {self.channels} channels" if self.channels > 1 else ""
        return f"{self.name}: {self.cases} x {self.kind}, {size}{channels}{spacing}, {held} {self.unit}".rstrip()


@dataclass(frozen=True)
class Fingerprint:
    """What was recognised, the words, how many subjects, and images that could not be read."""

    found: Found
    words: tuple[WordFacts, ...]
    subjects: int
    bad: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    def word(self, name: str) -> WordFacts:
        """The facts of a word."""
        return next(word for word in self.words if word.name == name)

    def shared(self, *names: str) -> int:
        """How many cases have an image of each of these words."""
        return len(set.intersection(*(set(self.found.words[name]) for name in names)))

    def alike(self, one: str, two: str) -> bool:
        """Whether two words lie on one grid: equal sizes in every looked-at case they share."""
        return self.word(one).sizes == self.word(two).sizes


def fingerprint(
    found: Found,
    looked_at: int = LOOKED_AT,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Fingerprint:
    """Look at up to `looked_at` images of every word, spread over the cases.

    Raises
    ------
    UserError
        Where no image of a word can be read.
    """
    places = {word: _spread(sorted(names), looked_at) for word, names in found.words.items()}
    done, total = 0, sum(map(len, places.values()))
    words: list[WordFacts] = []
    bad: list[str] = []
    remarks: list[str] = []
    for word, names in places.items():
        images = []
        for name in names:
            source = found.words[word][name]
            try:
                images.append((_read(source), source))
            except UserError as error:
                bad.append(error.message)
            done += 1
            progress(done, total)
        if not images:
            raise UserError(f"no image of '{word}' can be read: {bad[-1]}", "Look at `adversaria data check`.")
        words.append(_facts(word, [image for image, _ in images], images[0][1].path, len(found.words[word])))
        remarks += [text for image, _ in images for text in image.warnings]
    subjects = {source.subject for names in found.words.values() for source in names.values()}
    return Fingerprint(found, tuple(words), len(subjects), tuple(bad), tuple(dict.fromkeys(remarks)))


def _read(source: Source) -> Image:
    from adversaria.data.read import read_source

    return read_source(source)


def _spread(names: Sequence[str], count: int) -> list[str]:
    if len(names) <= count:
        return list(names)
    return [names[round(k * (len(names) - 1) / (count - 1))] for k in range(count)]


def _facts(word: str, images: Sequence[Image], path: Path, cases: int) -> WordFacts:
    shapes = [image.array.shape for image in images]
    if len({len(shape) for shape in shapes}) > 1:
        raise UserError(f"'{word}' mixes 2D and 3D images.", "Give each its own folder.")
    sample = np.concatenate([_few(image.array) for image in images])
    low, high = (float(v) for v in np.percentile(sample, [1, 99]))
    kind, values = _kind(word, images, sample)
    spacings = [image.spacing for image in images if image.spacing]
    spacing = tuple(float(v) for v in np.median(np.array(spacings), axis=0)) if _even(spacings) else ()
    first = images[0].array
    return WordFacts(
        name=word,
        kind=kind,
        cases=cases,
        channels=int(first.shape[0]),
        sizes=tuple((min(s), max(s)) for s in zip(*(shape[1:] for shape in shapes), strict=True)),
        spacing=spacing,
        unit=images[0].unit,
        low=low,
        high=high,
        least=float(sample.min()),
        most=float(sample.max()),
        values=values,
        lossy=bool(_LABELS.search(word)) and path.suffix.lower() in _LOSSY,
        equal_channels=first.shape[0] == 3 and all(_equal_channels(image) for image in images),
    )


def _kind(word: str, images: Sequence[Image], sample: np.ndarray) -> tuple[str, tuple[int, ...]]:
    unit, dtype = images[0].unit, images[0].dtype
    whole = bool(np.array_equal(sample, np.round(sample)))
    found = np.unique(sample) if whole else np.array([])
    few = 1 < len(found) <= (MOST_LABELS if _LABELS.search(word) else 4) and found[0] >= 0
    if unit == "labels" or few:
        every = np.unique(np.concatenate([np.unique(image.array) for image in images]))
        return "labels", tuple(int(v) for v in every)
    if unit == "HU":
        return "ct", ()
    if unit.lower().startswith(("bq", "suv")):
        return "pet", ()
    if images[0].array.shape[0] == 3 and not all(_equal_channels(image) for image in images):
        return "colour", ()
    return ("picture" if dtype == "uint8" else "grey"), ()


def _equal_channels(image: Image) -> bool:
    array = image.array
    return array.shape[0] == 3 and bool((array[0] == array[1]).all() and (array[0] == array[2]).all())


def _few(array: np.ndarray, most: int = 200_000) -> np.ndarray:
    flat = array.ravel()
    return flat[:: max(1, flat.size // most)]


def _even(spacings: Sequence[tuple[float, ...]]) -> bool:
    return bool(spacings) and len({len(s) for s in spacings}) == 1


def _listed(values: Sequence[int]) -> str:
    said = ", ".join(map(str, values[:8]))
    return said if len(values) <= 8 else f"{said}, ... ({len(values)} values up to {values[-1]})"
