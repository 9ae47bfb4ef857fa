"""Phantoms whose pictures are sagittal: rows from the top, columns from the front, slices from right to left."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, axis
from adversaria.data.phantoms.phantom import Phantom

Array = NDArray[Any]


class Sagittal(Phantom):
    """Lays the grid into sagittal planes; the middle column lies `ahead` mm behind the anatomy's origin."""

    ahead: ClassVar[float] = 0.0

    def placed(self, name: tuple[int | str, ...], height: float) -> Axes:
        """Coordinates of the voxels: x to the left, y to the back, z up; `height` is how far to the left of 0."""
        across = axis(self.size, self.spacing)
        aside = across + np.float32(height) if self.dims == 3 else np.array([height], np.float32)
        return aside, across + np.float32(self.ahead), across

    def out(self, array: Array) -> Array:
        """Bring (x, y, z) to (1, rows from the top, columns[, slices])."""
        turned = np.flip(array, 2).transpose(2, 1, 0)[None]
        return np.ascontiguousarray(turned if self.dims == 3 else turned[..., 0])

    def laid(self, array: Array) -> Array:
        """An array (x, y, z) as (columns, rows from the top, slices)."""
        return np.ascontiguousarray(np.flip(array, 2).transpose(1, 2, 0))

    def raised(self, array: Array) -> Array:
        """An array (columns, rows from the top, slices) as (x, y, z)."""
        return np.ascontiguousarray(np.flip(array.transpose(2, 0, 1), 2))

    def laid_axes(self, axes: Axes) -> Axes:
        """Coordinates along columns, rows and slices."""
        return axes[1], axes[2], axes[0]

    def affine(self) -> NDArray[np.float64]:
        """Voxel indices to RAS millimetres: rows run down, columns to the back, slices to the left."""
        affine = np.zeros((4, 4))
        affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = -self.spacing, -self.spacing, -self.spacing, 1
        return affine
