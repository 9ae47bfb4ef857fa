"""What a user's data are like: a few images of every word, looked at once and summed up."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from adversaria.data.found import Found, Source
from adversaria.data.image import Image
from adversaria.data.mask_facts import extent, softened, thickness, two_levels
from adversaria.data.named import GREY, repeats
from adversaria.vocabulary import UserError

LOOKED_AT = 6
MOST_LABELS = 64
_MANY, _SMALL = 200, 2**18  # images, bytes
_LABELS = re.compile(r"mask|label|seg|gold|annot|vessel|fov|contour|truth", re.IGNORECASE)
_LOSSY = (".jpg", ".jpeg")


@dataclass(frozen=True)
class WordFacts:
    """What the looked-at images of one word have in common.

    `kind` is ct, pet, colour, labels, picture (8 bits) or grey (an arbitrary unit, as MR has); `sizes` the
    smallest and the largest side along each axis; `values` the labels of a label map; `low` and `high` the
    1st and 99th percentile, `least` and `most` the extremes; `between` a mask with values between its labels, and
    `threshold` what cuts it where these are two; `looked_at` how many images this was read from; of 2D label maps
    `thickness` how many pixels wide the thinnest parts are, and `extent` how long a typical object is.
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
    between: bool = False
    lossy: bool = False
    equal_channels: bool = False
    looked_at: int = 0
    thickness: float = 0.0
    extent: float = 0.0
    threshold: float | None = None

    @property
    def maps(self) -> bool:
        """Whether these are label maps, if need be after a threshold."""
        return self.kind == "labels" or self.threshold is not None

    @property
    def bound(self) -> str:
        """How a recipe binds these images: grey ones that were stored as colour as one channel."""
        return f"{self.name}/{GREY}" if self.kind == "picture" and self.equal_channels else self.name

    @property
    def dims(self) -> int:
        """Axes of space: 3 for volumes."""
        return len(self.sizes)

    @property
    def stacked(self) -> bool:
        """Whether slices, along the last axis, are over twice as thick as their pixels, or under 24: 2D then."""
        if self.dims != 3 or self.sizes[-1][0] < 24:
            return True
        return bool(self.spacing) and max(self.spacing) > 2.0 * min(self.spacing)

    def said(self) -> str:
        """One line for people."""
        size = " x ".join(str(a) if a == b else f"{a}-{b}" for a, b in self.sizes)
        spacing = f", {' x '.join(f'{s:.3g}' for s in self.spacing)} mm" if self.spacing else ""
        held = f"labels {_listed(self.values)}" if self.kind == "labels" else f"{self.low:.4g} to {self.high:.4g}"
        held += " (a mask with values in between)" if self.between else ""
        channels = f", {self.channels} channels" if self.channels > 1 else ""
        channels += f", all alike (bind {self.bound} for one)" if self.bound != self.name else ""
        said = f"{self.name}: {self.cases} x {self.kind}, {size}{channels}{spacing}, {held} {self.unit}".rstrip()
        return f"{said} (looked at {self.looked_at})" if 0 < self.looked_at < self.cases else said


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
    """Look at up to `looked_at` images of every word, spread over the cases; at many more where files are small.

    Raises
    ------
    UserError
        Where no image of a word can be read.
    """
    places = {word: _spread(sorted(names), _count(names, looked_at)) for word, names in found.words.items()}
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
        words.append(_facts(word, images, len(found.words[word])))
        remarks += [text for image, _ in images for text in image.warnings]
    subjects = {source.subject for names in found.words.values() for source in names.values()}
    return Fingerprint(found, tuple(words), len(subjects), tuple(bad), tuple(dict.fromkeys(remarks)))


def _read(source: Source) -> Image:
    from adversaria.data.read import read_source

    return read_source(source)


def _count(names: Mapping[str, Source], looked_at: int) -> int:
    """How many images to look at: all of them up to 200 where the first is a small file."""
    first = next(iter(names.values())).path
    return _MANY if first.is_file() and first.stat().st_size < _SMALL else looked_at


def _spread(names: Sequence[str], count: int) -> list[str]:
    if len(names) <= count:
        return list(names)
    return [names[round(k * (len(names) - 1) / (count - 1))] for k in range(count)]


def _facts(word: str, looked_at: Sequence[tuple[Image, Source]], cases: int) -> WordFacts:
    images = [image for image, _ in looked_at]
    shapes = [image.array.shape for image in images]
    if len({len(shape) for shape in shapes}) > 1:
        raise UserError(f"'{word}' mixes 2D and 3D images.", "Give each its own folder.")
    sample = np.concatenate([_few(image.array) for image in images])
    low, high = (float(v) for v in np.percentile(sample, [1, 99]))
    spacings = [image.spacing for image in images if image.spacing]
    spacing = tuple(float(v) for v in np.median(np.array(spacings), axis=0)) if _even(spacings) else ()
    between = bool(_LABELS.search(word)) and softened(sample)
    kind = "grey" if between else _one_kind(word, looked_at)
    values, threshold, maps = _labelled(images, kind, sample)
    suffix = looked_at[0][1].path.suffix.lower()
    return WordFacts(
        name=word,
        kind=kind,
        cases=cases,
        channels=int(images[0].array.shape[0]),
        sizes=tuple((min(s), max(s)) for s in zip(*(shape[1:] for shape in shapes), strict=True)),
        spacing=spacing,
        unit=images[0].unit,
        low=low,
        high=high,
        least=float(sample.min()),
        most=float(sample.max()),
        values=values,
        between=between,
        lossy=suffix in _LOSSY,
        equal_channels=all(repeats(image) for image in images),
        looked_at=len(images),
        thickness=thickness(maps),
        extent=extent(maps),
        threshold=threshold,
    )


def _one_kind(word: str, looked_at: Sequence[tuple[Image, Source]]) -> str:
    kinds = {_kind(f"{word} {source.path.name}", image): source.path for image, source in looked_at}
    if "labels" in kinds and len(kinds) > 1:
        raise UserError(
            f"'{word}' mixes images and label maps: {kinds['labels']} is a label map.",
            "Give each its own folder, or list them in a manifest.csv with a column for each.",
        )
    return next(iter(kinds)) if len(kinds) == 1 else "colour" if "colour" in kinds else "grey"


def _labelled(
    images: Sequence[Image], kind: str, sample: np.ndarray
) -> tuple[tuple[int, ...], float | None, list[np.ndarray]]:
    """The values of label maps, what cuts those that lost them (None: nothing does, or need be), and the maps (*S)."""
    maps = [image.array[0] for image in images if image.array.shape[0] == 1 or repeats(image)]
    if kind == "labels":
        return tuple(int(v) for v in np.unique(np.concatenate([np.unique(i.array) for i in images]))), None, maps
    levels = two_levels(maps) if softened(sample) and len(maps) == len(images) else None
    if levels is None:
        return (), None, []
    low, high = levels
    middle = (low + high) / 2
    threshold = float(np.floor(middle)) if high - low > 4 else middle
    return (max(1, round(high)),), threshold, [(array > threshold).astype(np.int16) for array in maps]


def _kind(name: str, image: Image) -> str:
    sample, unit = _few(image.array), image.unit
    whole = np.array_equal(sample, np.round(sample))
    found = np.unique(sample) if whole else np.array([])
    few = 1 <= len(found) <= (MOST_LABELS if _LABELS.search(name) else 4) and found[0] >= 0
    if unit == "labels" or (few and (len(found) > 1 or bool(_LABELS.search(name)))):
        return "labels"
    if unit == "HU" or (unit == "arbitrary" and shows_air(sample)):
        return "ct"
    if unit.lower().startswith(("bq", "suv")):
        return "pet"
    if image.dtype != "uint8" or not whole:  # 8 bits that a header scales to other values are no picture
        return "grey"
    return "colour" if image.array.shape[0] == 3 and not repeats(image) else "picture"


def shows_air(sample: np.ndarray) -> bool:
    """Whether numbers without a unit, as NIfTI has them, are HU: air near -1000, or at the -1024 that scanners give."""
    return bool(np.mean((sample > -1030) & (sample < -970)) > 0.05)


def _few(array: np.ndarray, most: int = 200_000) -> np.ndarray:
    flat = array.ravel()
    return flat[:: max(1, flat.size // most)]


def _even(spacings: Sequence[tuple[float, ...]]) -> bool:
    return bool(spacings) and len({len(s) for s in spacings}) == 1


def _listed(values: Sequence[int]) -> str:
    said = ", ".join(map(str, values[:8]))
    return said if len(values) <= 8 else f"{said}, ... ({len(values)} values up to {values[-1]})"
