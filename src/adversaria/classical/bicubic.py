"""Bicubic interpolation."""

import torch
from torch import Tensor


class Bicubic:
    """Enlarge images (B, C, *S) `factor` times along every axis by cubic convolution (Keys 1981, a = -1/2).

    A sample lies `place` new voxels from the first of its block of `factor`, by default in the middle of it, so that
    voxels keep their extent; 0 is the first voxel. Beyond the border the border voxel is repeated. Tricubic in 3D.
    """

    key = "bicubic"

    def __init__(self, factor: int = 4, place: float | None = None):
        if factor < 1:
            raise ValueError(f"an image cannot be enlarged {factor} times")
        self.factor, self.place = factor, (factor - 1) / 2 if place is None else place

    def __call__(self, image: Tensor) -> Tensor:
        """Enlarge."""
        for axis in range(2, image.ndim):
            matrix = cubic_matrix(image.shape[axis], self.factor, self.place).to(image.device, image.dtype)
            image = (image.movedim(axis, -1) @ matrix.mT).movedim(-1, axis)
        return image


def cubic_matrix(side: int, factor: int, place: float) -> Tensor:
    """Give the matrix (side * factor, side) of the interpolation along a line."""
    at = (torch.arange(side * factor, dtype=torch.float64) - place) / factor
    near = at.floor()[:, None] + torch.arange(-1, 3)
    weight = keys(at[:, None] - near)
    voxel = near.long().clamp(0, side - 1)
    return torch.zeros(side * factor, side, dtype=torch.float64).scatter_add_(1, voxel, weight)


def keys(distance: Tensor) -> Tensor:
    """Give the weight of a voxel at this distance (eq. 15 there)."""
    d = distance.abs()
    inner = 1.5 * d**3 - 2.5 * d**2 + 1
    outer = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return torch.where(d <= 1, inner, torch.where(d < 2, outer, 0))
