"""Smoothness of an image by itself."""

import torch
from torch import Tensor, nn


class TotalVariation(nn.Module):
    """Total variation (Rudin et al. 1992), anisotropic: sum over axes of the mean absolute difference of neighbours."""

    key = "L-tv"

    def forward(self, output: Tensor) -> Tensor:
        """Judge an image (B, C, *S)."""
        return torch.stack([output.diff(dim=axis).abs().mean() for axis in range(2, output.ndim)]).sum()
