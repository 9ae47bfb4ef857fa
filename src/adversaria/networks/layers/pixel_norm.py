"""Normalisation of each pixel's features."""

import torch
from torch import Tensor, nn


class PixelNorm(nn.Module):
    """Pixelwise feature normalisation (Karras et al. 2018, section 4.2): a / sqrt(mean_c a^2 + eps).

    Of (B, C, *S); on a latent vector (B, N) it divides by the root mean square, so that its norm is sqrt(N).
    """

    key = "pixel-norm"

    def __init__(self, eps: float = 1e-8):
        super().__init__()
        self.eps = eps

    def forward(self, value: Tensor) -> Tensor:
        """Normalise over the channels."""
        exact = value.to(torch.promote_types(value.dtype, torch.float32))
        return (exact * (exact.square().mean(1, keepdim=True) + self.eps).rsqrt()).to(value.dtype)
