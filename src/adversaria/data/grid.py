"""Bringing images of different sizes to one grid, where a recipe says so: `grid: !Resized {size: [64, 64]}`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adversaria.data.image import Array, Image
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Resized:
    """The whole image on a grid of `size`, whatever its sides are to each other: voxels change their size.

    Values between voxels are linear, smoothed before they are made fewer. The words of the batch in `labels` are
    label maps and take the value of the nearest voxel.
    """

    size: tuple[int, ...]
    labels: tuple[str, ...] = ()

    def place(self, image: Image, label: bool = False) -> Image:
        """Put one image on the grid."""
        _check(image, self.size)
        return resized(image, self.size, label)


@dataclass(frozen=True)
class Centred:
    """The middle of the image on a grid of `size`; what is smaller is continued with its lowest value.

    With `spacing`, in mm, voxels are first brought to that size (as by `Resized`), for images that know their own.
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...] | None = None
    labels: tuple[str, ...] = ()

    def place(self, image: Image, label: bool = False) -> Image:
        """Put one image on the grid."""
        _check(image, self.size)
        if self.spacing is not None:
            if len(image.spacing) != len(self.spacing):
                raise UserError("an image does not know how large its voxels are.", "Leave out grid.spacing.")
            sides = zip(image.array.shape[1:], image.spacing, self.spacing, strict=True)
            image = resized(image, [max(1, round(n * own / new)) for n, own, new in sides], label)
        return centred(image, self.size)


Grid = Resized | Centred


def _check(image: Image, size: Sequence[int]) -> None:
    if len(size) != image.array.ndim - 1 or min(size) < 1:
        shape = "x".join(map(str, image.array.shape[1:]))
        raise UserError(f"a grid of {list(size)} does not fit an image of {shape}.", "Give one side for each axis.")


def resized(image: Image, size: Sequence[int], label: bool = False) -> Image:
    """Give the same place on a grid of `size`."""
    from skimage.transform import resize

    if tuple(size) == image.array.shape[1:]:
        return image
    facts = {"order": 0, "anti_aliasing": False} if label else {"order": 1, "anti_aliasing": True}
    channels = [resize(c.astype(np.float64), size, mode="edge", preserve_range=True, **facts) for c in image.array]
    return image.resampled(np.stack(channels).astype(np.float32))


def centred(image: Image, size: Sequence[int]) -> Image:
    """Cut or continue an image about its middle."""
    array, starts = image.array, []
    for axis, (side, wanted) in enumerate(zip(image.array.shape[1:], size, strict=True), 1):
        start = (side - wanted) // 2
        starts.append(start)
        array = _along(array, axis, start, wanted, float(image.array.min()))
    affine = image.affine
    if affine is not None:
        affine = affine.copy()
        affine[:3, 3] += affine[:3, : len(starts)] @ np.array(starts, np.float64)
    return replace(image, array=array, affine=affine)


def _along(array: Array, axis: int, start: int, wanted: int, value: float) -> Array:
    if start >= 0:
        return array.take(range(start, start + wanted), axis)
    before = -start
    pads = [(0, 0)] * array.ndim
    pads[axis] = (before, wanted - array.shape[axis] - before)
    return np.pad(array, pads, constant_values=value)
