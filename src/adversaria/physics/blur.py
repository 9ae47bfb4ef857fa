"""Blur by a Gaussian point spread."""

import math
from typing import Any

import torch
from torch import Tensor

from adversaria.physics.operator import Operator


class GaussianBlur(Operator):
    """Convolution with a Gaussian of full width `fwhm` in mm along every axis; voxels are `spacing` mm.

    x (B, C, *S) to the same shape. The image is mirrored at its borders (the border voxel repeated), so that the mean
    is kept and the operator is its own adjoint.
    """

    key = "blur"

    def __init__(self, fwhm: float = 2.0, spacing: float = 1.0):
        super().__init__()
        if fwhm <= 0 or spacing <= 0:
            raise ValueError(f"a width of {fwhm} mm on voxels of {spacing} mm is not possible")
        self.fwhm, self.spacing = fwhm, spacing

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Blur."""
        for axis in range(2, x.ndim):
            matrix = gaussian_matrix(x.shape[axis], self.fwhm / self.spacing).to(x.device, x.dtype)
            x = (x.movedim(axis, -1) @ matrix).movedim(-1, axis)
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        """Blur: the operator is symmetric."""
        return self.A(y)

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Blur an image with voxels of `spacing` mm; nothing is drawn."""
        return GaussianBlur(self.fwhm, spacing).A(x)


def gaussian_matrix(side: int, fwhm: float) -> Tensor:
    """Give the symmetric matrix of a blur of `fwhm` voxels on a mirrored line, in double precision."""
    sigma = fwhm / math.sqrt(8 * math.log(2))
    reach = max(1, math.ceil(6 * sigma))
    at = torch.arange(-reach, reach + 1, dtype=torch.float64)
    kernel = torch.exp(-(at**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    target = torch.arange(side)[:, None] + torch.arange(-reach, reach + 1)
    folded = target.remainder(2 * side)
    folded = torch.where(folded >= side, 2 * side - 1 - folded, folded)
    return torch.zeros(side, side, dtype=torch.float64).scatter_add_(1, folded, kernel.expand(side, -1))
