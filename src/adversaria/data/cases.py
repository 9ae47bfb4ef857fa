"""Cases: what one subject brings, under handles that carry no name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.found import Found
from adversaria.data.image import Image, apart
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.segmented import on_grids
from adversaria.vocabulary import UserError


@dataclass(frozen=True, eq=False)
class Case:
    """One case: its handle, its subject (for splitting only), how to load its images, where they lie, its classes."""

    handle: str
    subject: str
    load: Callable[[], Mapping[str, Image]]
    paths: tuple[Path, ...] = ()
    identity: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)


def from_phantom(phantom: Phantom, subjects: Sequence[int], words: Sequence[str]) -> list[Case]:
    """Make a case of each phantom subject; images are in the phantom's units."""

    def load(subject: int) -> Mapping[str, Image]:
        made = phantom.case(subject)
        missing = [word for word in words if word not in made]
        if missing:
            raise UserError(
                f"{type(phantom).__name__} makes no '{missing[0]}'; it makes {', '.join(sorted(made))}.",
                "Bind one of these words.",
            )
        return {
            word: Image(
                array=_values(made[word]),
                affine=phantom.affine(),
                spacing=tuple(float(s) for s in phantom.spacings()),
                unit=phantom.units.get(word, "arbitrary"),
            )
            for word in words
        }

    name = f"{type(phantom).__name__} {phantom.seed}"
    return [
        Case(
            f"p{subject:04d}",
            f"{name} {subject}",
            partial(load, subject),
            (),
            f"{phantom.describe()} {subject}",
        )
        for subject in subjects
    ]


def _values(value: Any) -> Any:
    """Images and codes as float32; a label or tokens as int64."""
    array = np.asarray(value)
    return array.astype(np.int64 if array.ndim < 2 and array.dtype.kind in "iu" else np.float32)


def pick_word(found: Found, wanted: str) -> str:
    """Find a word of a folder by its name, or by a part of it that no other word has."""
    if wanted in found.words:
        return wanted
    matches = [word for word in found.words if wanted.lower() in word.lower()]
    exact = [word for word in matches if word.lower() == wanted.lower()]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    remedy = "Name one of these, for example --set bind.source=" + next(iter(found.words))
    if found.loose and len(found.words) == 1:
        remedy += ". If these files are the images of one subject, give the folder above it, or a manifest.csv"
    raise UserError(f"the data have no word '{wanted}': {found.describe()}.", remedy)


def paired(found: Found, words: Sequence[str], volume: bool, columns: Sequence[str] = ()) -> list[Case]:
    """Make a case of each name that all words share; names without a partner are refused, without a class left out."""
    names = {word: set(found.words[word]) for word in words}
    shared = set.intersection(*names.values())
    alone = sorted((word, name) for word in words for name in names[word] - shared)
    if alone:
        word, name = alone[0]
        path = found.words[word][name].path
        raise UserError(
            f"{len(alone)} images have no partner, the first is {path} (no image of that name in the other folders).",
            "Give partners the same file name, list the pairs in a manifest.csv, or use a recipe for unpaired data.",
        )
    return _cases(found, shared, words, volume, columns)


def alone(found: Found, word: str, volume: bool, columns: Sequence[str] = ()) -> list[Case]:
    """Make a case of each image of one word (that has a class in each of `columns`): a stream of its own."""
    return _cases(found, set(found.words[word]), [word], volume, columns)


def _cases(found: Found, names: set[str], words: Sequence[str], volume: bool, columns: Sequence[str]) -> list[Case]:
    kept = sorted(name for name in names if all(name in found.classes[column] for column in columns))
    known = {column: found.class_names(column) for column in columns}
    numbers = [{c: known[c].index(found.classes[c][name]) for c in columns} for name in kept]
    return [_case(found, kept, index, words, volume, numbers[index]) for index in range(len(kept))]


def _case(
    found: Found, names: Sequence[str], index: int, words: Sequence[str], volume: bool, numbers: Mapping[str, int]
) -> Case:
    sources = {word: found.words[word][names[index]] for word in words}
    paths = tuple(source.path for source in sources.values())

    def load() -> Mapping[str, Image]:
        from adversaria.data.read import read_source

        images = on_grids({word: read_source(source, require_volume=volume) for word, source in sources.items()})
        sizes = {word: image.array.shape[1:] for word, image in images.items()}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{word} {'x'.join(map(str, size))}" for word, size in sizes.items())
            raise UserError(
                f"the images of one case differ in size: {said} ({paths[0]}).",
                "Resample them to one grid first; adversaria does not resample silently.",
            )
        _refuse_apart(list(images.values()))
        return {**images, **{column: Image(np.asarray(number, np.int64)) for column, number in numbers.items()}}

    identity = _identity(paths) + (repr(sorted(numbers.items())) if numbers else "")
    return Case(f"c{index + 1:04d}", next(iter(sources.values())).subject, load, paths, identity, numbers)


def _refuse_apart(images: Sequence[Image]) -> None:
    """Refuse a pair whose voxels of one index lie more than half a voxel apart in space."""
    for other in images[1:]:
        distance = apart(images[0], other) if images[0].spacing else 0.0
        if distance > 0.5 * min(images[0].spacing, default=1.0):
            raise UserError(
                f"{images[0].source[0]} and {other.source[0]} show different places: voxels of one index lie up to "
                f"{distance:.3g} mm apart.",
                "Resample them to one grid first, or use a recipe for unpaired data. If they do belong together, one "
                "of the headers is wrong: mend it.",
            )


def _identity(paths: Sequence[Path]) -> str:
    """Tell whether files have changed, without reading them."""
    stats = []
    for path in paths:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        stats += [(str(p.resolve()), p.stat().st_size, p.stat().st_mtime_ns) for p in files if p.is_file()]
    return repr(stats)
