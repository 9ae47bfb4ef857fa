"""Bicubic interpolation."""

import torch
from torch import Tensor


class Bicubic:
    """Enlarge images (B, C, *S) `factor` times along every axis by cubic convolution (Keys 1981, a = -1/2).

    Voxels keep their extent: a new one's middle lies (k + 1/2) / factor - 1/2 old ones from the first. Beyond the
    border the border voxel is repeated. In 3D it is tricubic.
    """

    key = "bicubic"

    def __init__(self, factor: int = 4):
        if factor < 1:
            raise ValueError(f"an image cannot be enlarged {factor} times")
        self.factor = factor

    def __call__(self, image: Tensor) -> Tensor:
        """Enlarge."""
        for axis in range(2, image.ndim):
            matrix = cubic_matrix(image.shape[axis], self.factor).to(image.device, image.dtype)
            image = (image.movedim(axis, -1) @ matrix.mT).movedim(-1, axis)
        return image


def cubic_matrix(side: int, factor: int) -> Tensor:
    """Give the matrix (side * factor, side) of the interpolation along a line."""
    at = (torch.arange(side * factor, dtype=torch.float64) + 0.5) / factor - 0.5
    near = at.floor()[:, None] + torch.arange(-1, 3)
    weight = keys(at[:, None] - near)
    place = near.long().clamp(0, side - 1)
    return torch.zeros(side * factor, side, dtype=torch.float64).scatter_add_(1, place, weight)


def keys(distance: Tensor) -> Tensor:
    """Give the weight of a voxel at this distance (eq. 15 there)."""
    d = distance.abs()
    inner = 1.5 * d**3 - 2.5 * d**2 + 1
    outer = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return torch.where(d <= 1, inner, torch.where(d < 2, outer, 0))
