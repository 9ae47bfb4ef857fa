"""Adaptive instance normalisation."""

import torch
from torch import Tensor, nn

from adversaria.networks.layers.equalised import Equalised


class AdaIN(nn.Module):
    """Adaptive instance normalisation (Huang and Belongie 2017, eq. 8; Karras et al. 2019, eq. 1).

    y_s (x - mean) / sqrt(var + eps) + y_b with the population variance over the pixels of one channel of one
    image. y_s = 1 + A_s(w) and y_b = A_b(w) are affine in the style w (B, `style`), with equalised rate.
    """

    key = "adain"

    def __init__(self, width: int, style: int, eps: float = 1e-8):
        super().__init__()
        self.eps = eps
        self.affine = Equalised(nn.Linear(style, 2 * width), gain=1.0)

    def forward(self, value: Tensor, style: Tensor) -> Tensor:
        """Give (B, C, *S) the style's mean and deviation."""
        scale, shift = self.affine(style).chunk(2, 1)
        return restyled(value, 1 + scale, shift, self.eps)


def restyled(value: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-8) -> Tensor:
    """Normalise each channel of each image of (B, C, *S), then scale and shift it by (B, C)."""
    flat = value.flatten(2).to(torch.promote_types(value.dtype, torch.float32))
    centred = flat - flat.mean(2, keepdim=True)
    plain = centred * (centred.square().mean(2, keepdim=True) + eps).rsqrt()
    return (plain * scale[..., None] + shift[..., None]).view_as(value).to(value.dtype)
