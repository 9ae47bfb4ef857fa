"""Label maps: which values they may hold, which class each is, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.image import Image
from adversaria.data.named import repeats
from adversaria.vocabulary import UserError

Array = NDArray[np.float32]
_MANY = 8


@dataclass(frozen=True)
class LabelScale:
    """From the values of a label map to classes 0 (background) to K - 1, and back."""

    values: tuple[int, ...]
    classes: tuple[int, ...]
    low: float
    high: float
    into: tuple[float, float]
    threshold: float | None = None

    def forward(self, array: Array) -> Array:
        """Give each voxel's class; values that are not listed are background. With a threshold, 1 above it."""
        if self.threshold is not None:
            return (array > self.threshold).astype(np.float32)
        found = np.zeros(array.shape, np.float32)
        for value, number in zip(self.values, self.classes, strict=True):
            found[array == value] = number
        return found

    def inverse(self, array: Array) -> Array:
        """Give each class's value: the first that is listed for it."""
        known = dict(zip(reversed(self.classes), reversed(self.values), strict=True))
        table = np.array([known.get(k, 0) for k in range(int(self.high) + 1)], np.float32)
        return table[np.rint(array).astype(np.int64)]

    def clipped(self, array: Array) -> float:
        """Nothing of a label map is cut off."""
        return 0.0


@dataclass(frozen=True)
class Labels:
    """A label map with the values `values` (0 is the background), called `names`.

    The k-th value is class k + 1, or that which `into` says for it, so that several values can be one class. Any
    other value is refused, unless `rest` counts it to the background. UserError: values that are not whole numbers,
    as lossy compression or interpolation leaves them, and unknown ones; such a mask of one class can be cut at a
    `threshold`, above which it is that class.
    """

    values: tuple[int, ...] = (1,)
    names: tuple[str, ...] = ()
    into: tuple[int, ...] = ()
    rest: bool = False
    threshold: float | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The class of each value."""
        return self.into or tuple(range(1, len(self.values) + 1))

    @property
    def classes(self) -> int:
        """How many classes there are, the background one of them."""
        return 1 + max(self.numbers)

    def named(self) -> dict[int, str]:
        """The name of each class above 0."""
        given = dict(enumerate(self.names, 1))
        return {k: given.get(k, f"class {k}") for k in range(1, self.classes)}

    def values_named(self) -> dict[int, str]:
        """The name of each value that a written map holds: the first value of each class."""
        first = dict(zip(reversed(self.numbers), reversed(self.values), strict=True))
        return {first[number]: name for number, name in self.named().items() if number in first}

    def scale(self) -> LabelScale:
        """From values to classes and back, whatever a map holds."""
        last = float(self.classes - 1)
        return LabelScale(self.values, self.numbers, 0.0, last, (0.0, last), self.threshold)

    def fit(self, array: Array) -> LabelScale:
        """Check a label map and give its scale."""
        self._checked()
        if self.threshold is not None:
            return self.scale()
        found = np.unique(array)
        unknown = [value for value in found if value not in (0, *self.values)]
        if not np.array_equal(found, np.rint(found)) or (len(unknown) > _MANY and not self.rest):
            raise UserError(
                f"this is no label map: it holds {len(found)} different values, {_listed(unknown)} among them.",
                "A mask kept as JPEG, or resized with interpolation, has values in between. A mask of one class can be "
                "cut: --set intensity.mask.threshold=127. Else write it with whole numbers, as PNG or NIfTI.",
            )
        if unknown and not self.rest:
            raise UserError(
                f"the label map holds {_listed(unknown)}; the recipe knows 0 and {_listed(self.values)}.",
                f"Name its values: --set 'intensity.mask.values=[{_listed([v for v in found if v])}]', or count the "
                "others to the background: --set intensity.mask.rest=true.",
            )
        return self.scale()

    def _checked(self) -> None:
        if len(self.numbers) != len(self.values) or len(set(self.values)) < len(self.values) or 0 in self.values:
            raise UserError(
                f"labels {_listed(self.values)} do not go with the classes {_listed(self.numbers)}.",
                "Give each value above 0 once, and as many classes under `into`, or none.",
            )
        if self.threshold is not None and self.classes != 2:
            raise UserError("a threshold makes one class of a mask.", "Give one value, or leave out the threshold.")


def _listed(values: Sequence[Any]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:_MANY])
    return f"{shown} and others" if len(values) > _MANY else shown


def label_map(image: Image) -> Image:
    """Give an image of labels one channel: a grey picture's value, or the index of a colour in its palette."""
    array = image.array
    if array.shape[0] == 1:
        return image
    if repeats(image):
        return image.like(array[:1], "labels")
    where = image.source[0] if image.source else "the mask"
    palette = image.facts.get("palette")
    if not palette:
        raise UserError(
            f"{where} is in colour, and a label map has one whole number for each voxel.",
            "Save it as a grey picture, as a PNG with a palette, or as NIfTI.",
        )
    found = np.zeros((1, *array.shape[1:]), np.float32)
    for number, colour in reversed(list(enumerate(palette))):
        found[0][(array == np.asarray(colour, array.dtype).reshape(-1, *[1] * (array.ndim - 1))).all(0)] = number
    return image.like(found, "labels")


def refuse_absent(labels: Labels, maps: Mapping[str, Array]) -> None:
    """Refuse training data, class maps by handle, in which a class does not occur: it could not be learned."""
    seen = {int(value) for found in maps.values() for value in np.unique(found)}
    missing = [name for number, name in labels.named().items() if number not in seen]
    if missing:
        raise UserError(
            f"'{missing[0]}' does not occur in any of the {len(maps)} label maps to train on.",
            "Bring cases that show it, or take its value out of intensity.mask.values (and lower game.classes).",
        )
