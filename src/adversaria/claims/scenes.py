"""Images of subjects whose degradation is studied: three phantoms, or a folder of the user's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.vocabulary import UserError

Array = NDArray[Any]
Range = tuple[float, float]
FEWEST = 6


@dataclass(frozen=True)
class Subject:
    """One image (C, H, W); its twin without the lesion and the lesion's map where they are known; its class."""

    image: Array
    spacing: tuple[float, ...]
    twin: Array | None = None
    lesion: Array | None = None
    label: int = 0


@dataclass(frozen=True)
class Scene:
    """Subjects, images of other subjects that sets are compared with, unit and declared range."""

    name: str
    unit: str
    range: Range
    subjects: Sequence[Subject]
    others: Sequence[Array]


@dataclass(frozen=True)
class Place:
    """Which phantom, which of its words, and in which window."""

    phantom: str
    word: str
    unit: str
    range: Range


PLACES = {
    "torso": Place("TorsoCT", "ct", "HU", (-160.0, 240.0)),
    "brain": Place("Brain", "flair", "arbitrary", (0.0, 2000.0)),
    "nodule": Place("LungNodule", "ct", "HU", (-1000.0, 200.0)),
}


def phantom_scene(name: str, subjects: int, seed: int = 0, size: int = 128) -> Scene:
    """Sick subjects of a phantom with their twins, and as many others; `size` pixels a side."""
    place = PLACES[name]
    made = list(cases(name, range(subjects), seed, size))
    others = [subject.image for subject in cases(name, range(10_000, 10_000 + subjects), seed, size)]
    return Scene(name, place.unit, place.range, made, others)


def cases(name: str, numbers: Sequence[int], seed: int, size: int) -> Iterator[Subject]:
    """Subjects of a phantom that have a lesion, clipped to the window; numbers without one are passed over."""
    from adversaria.data import phantoms

    place = PLACES[name]
    phantom = getattr(phantoms, place.phantom)(size=size, prevalence=1.0, seed=seed)
    for number in numbers:
        sick = phantom.case(number)
        if not np.any(sick["lesion"]):
            continue
        twin = phantom.case(number, healthy=True)
        image, without = (np.clip(case[place.word], *place.range).astype(np.float32) for case in (sick, twin))
        yield Subject(image, phantom.spacings(), without, sick["lesion"], int(sick["label"]))


def folder_scene(folder: Path, data_range: Range) -> Scene:
    """A user's images: of volumes the middle slice; every second image is of the set that others are compared with."""
    from adversaria.data.read import read_image

    if not data_range[1] > data_range[0]:
        raise UserError("the data range is empty.", "Give --range LOW HIGH, in the images' unit.")
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    read = [read_image(path) for path in paths]
    if len(read) < FEWEST:
        raise UserError(f"{folder} holds {len(read)} images, fewer than {FEWEST}.", "Bring more images.")
    found = [Subject(_plane(image.array, data_range), tuple(image.spacing)[:2] or (1.0, 1.0)) for image in read]
    return Scene(folder.name, read[0].unit, data_range, found[::2], [subject.image for subject in found[1::2]])


def _plane(array: Array, data_range: Range) -> Array:
    plane = array if array.ndim == 3 else array[..., array.shape[-1] // 2]
    return np.clip(plane, *data_range).astype(np.float32)
