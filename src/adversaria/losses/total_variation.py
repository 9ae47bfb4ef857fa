"""Smoothness of an image by itself."""

import torch
from torch import Tensor, nn
from torch.linalg import vector_norm


class TotalVariation(nn.Module):
    """Total variation (Rudin et al. 1992), anisotropic: sum over axes of the mean absolute difference of neighbours."""

    key = "L-tv"

    def forward(self, output: Tensor) -> Tensor:
        """Judge an image (B, C, *S)."""
        found = [output.diff(dim=axis) for axis in range(2, output.ndim)]
        # the norm keeps no absolute differences for the way back
        return torch.stack([vector_norm(difference, 1) / difference.numel() for difference in found]).sum()
