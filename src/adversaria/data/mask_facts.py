"""What masks are like: how long and how wide their parts are, and what those that lost their labels still hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_SMALL, _LARGE = 0.1, 0.9  # parts of the range: below is background, above the label of a mask of two levels
_BINS, _LEVELS, _HELD, _MANY = 25, 3, 0.7, 64  # a label map may well have organs of 64 numbers, three of them large
_EVEN, _FLAT = 0.05, 0.2


def softened(sample: Array) -> bool:
    """Whether values of a mask (any shape) lie between its labels, as resizing or compression leaves them.

    There are many values, and of those above a tenth of the range most lie at the upper end (a mask of two levels),
    or in three narrow bands (of more).
    """
    low, high, count = float(sample.min()), float(sample.max()), len(np.unique(sample))
    if high <= low or count <= 8:
        return False
    part = (sample - low) / (high - low)
    inside = part[part > _SMALL]
    if np.mean(inside > _LARGE) > 0.6 or count <= _MANY:
        return bool(np.mean(inside > _LARGE) > 0.6)
    held = np.sort(np.histogram(inside, _BINS, (0, 1))[0])[-_LEVELS:].sum()
    return bool(held > _HELD * inside.size)


def two_levels(maps: Sequence[Array]) -> tuple[float, float] | None:
    """The two levels of softened masks (*S), or None where there are more: between two there are edges alone.

    A voxel between the levels whose neighbours are all like it, within a twentieth of the range, lies within an area,
    and an area is a level of its own.
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    low, high = min(float(m.min()) for m in maps), max(float(m.max()) for m in maps)
    between = even = 0
    for array in maps:
        part = (np.asarray(array, np.float32) - low) / max(high - low, 1e-9)
        middle = (part > _SMALL) & (part < _LARGE)
        between += int(middle.sum())
        even += int((middle & (maximum_filter(part, 3) - minimum_filter(part, 3) < _EVEN)).sum())
    if high <= low or even > _FLAT * max(between, 1):
        return None
    values, half = np.concatenate([m.ravel() for m in maps]), (low + high) / 2
    return float(np.median(values[values <= half])), float(np.median(values[values > half]))


def thickness(maps: Sequence[Array]) -> float:
    """Pixels across the thinnest kind of part of 2D maps, the background among them; the median over the maps.

    Twice the area of all that has one value over the length of its border: of a straight band that is its width.
    """
    found = []
    for labels in maps:
        values = [] if labels.ndim != 2 else [value for value in np.unique(labels) if (labels == value).any()]
        if len(values) > 1:
            found.append(min(_across(labels == value) for value in values))
    return float(np.median(found)) if found else 0.0


def _across(inside: NDArray[np.bool_]) -> float:
    border = sum(int(np.sum(np.diff(inside.astype(np.int8), axis=axis) != 0)) for axis in (0, 1))
    return 2.0 * float(inside.sum()) / max(border, 1)


def extent(maps: Sequence[Array]) -> float:
    """Pixels along the longer side of a typical object of 2D maps: half of what is labelled lies in longer ones.

    An object is a connected part of one value above 0; the median over the maps that show any.
    """
    found = [_typical(labels) for labels in maps if labels.ndim == 2 and (labels > 0).any()]
    return float(np.median(found)) if found else 0.0


def _typical(labels: Array) -> float:
    from scipy.ndimage import find_objects, label

    sides: list[float] = []
    areas: list[int] = []
    for value in np.unique(labels[labels > 0]):
        numbered, _ = label(labels == value)
        areas += np.bincount(numbered.ravel())[1:].tolist()
        sides += [float(max(s.stop - s.start for s in place)) for place in find_objects(numbered)]
    order = np.argsort(sides)
    half = np.cumsum(np.asarray(areas)[order])
    return sides[order[int(np.searchsorted(half, half[-1] / 2))]]
