"""Bringing images to one grid, where a recipe says so (`grid: !Resized {size: [64, 64]}`), and back to their own."""

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

    def back(self, array: Array, own: Image, label: bool = False, outside: float | None = None) -> Array:
        """Bring values (C, *size) to the grid of the image that was placed; nothing of it lies outside."""
        return on_size(array, own.array.shape[1:], label)

    def leaves_out(self, own: Image) -> bool:
        """The whole image is seen."""
        return False


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
        return centred(resized(image, self._sides(image), label), self.size)

    def back(self, array: Array, own: Image, label: bool = False, outside: float | None = None) -> Array:
        """Bring values (C, *size) to the grid of the image that was placed; `outside` the lowest value, or that."""
        value = float(array.min()) if outside is None else outside
        for axis, (side, wanted) in enumerate(zip(self.size, self._sides(own), strict=True), 1):
            array = _along(array, axis, -((wanted - side) // 2), wanted, value)
        return on_size(array, own.array.shape[1:], label)

    def leaves_out(self, own: Image) -> bool:
        """Whether a part of the image lies outside of the grid, and is not seen."""
        return any(side > size for side, size in zip(self._sides(own), self.size, strict=True))

    def _sides(self, image: Image) -> tuple[int, ...]:
        """The size of the image in the grid's voxels."""
        if self.spacing is None:
            return image.array.shape[1:]
        if len(image.spacing) != len(self.spacing):
            raise UserError("an image does not know how large its voxels are.", "Leave out grid.spacing.")
        sides = zip(image.array.shape[1:], image.spacing, self.spacing, strict=True)
        return tuple(max(1, round(n * own / new)) for n, own, new in sides)


Grid = Resized | Centred


def _check(image: Image, size: Sequence[int]) -> None:
    if len(size) != image.array.ndim - 1 or min(size) < 1:
        shape = "x".join(map(str, image.array.shape[1:]))
        raise UserError(f"a grid of {list(size)} does not fit an image of {shape}.", "Give one side for each axis.")


def resized(image: Image, size: Sequence[int], label: bool = False) -> Image:
    """Give the same place on a grid of `size`."""
    return image if tuple(size) == image.array.shape[1:] else image.resampled(on_size(image.array, size, label))


def on_size(array: Array, size: Sequence[int], label: bool = False) -> Array:
    """Bring values (C, *S) to another `size` of the same extent: the nearest for labels, else linear between voxels."""
    from skimage.transform import resize

    if tuple(size) == array.shape[1:]:
        return array
    facts = {"order": 0, "anti_aliasing": False} if label else {"order": 1, "anti_aliasing": True}
    channels = [resize(c.astype(np.float64), size, mode="edge", preserve_range=True, **facts) for c in array]
    return np.stack(channels).astype(np.float32)


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
    """Cut `wanted` voxels from number `start` on along an axis; what is not there has `value`."""
    before, after = max(0, -start), max(0, start + wanted - array.shape[axis])
    pads = [(0, 0)] * array.ndim
    pads[axis] = (before, after)
    whole = np.pad(array, pads, constant_values=value) if before or after else array
    return whole.take(range(start + before, start + before + wanted), axis)
