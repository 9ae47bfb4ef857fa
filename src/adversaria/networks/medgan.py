"""The networks of MedGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.unet import UNet


class CasNet(nn.Module):
    """Cascade of U-blocks (Armanious et al. 2020, MedGAN, section 3.3): each translates what the one before it made.

    `blocks` U-Nets of pix2pix of `depth` levels, from end to end; those before the last give as many channels as the
    image has. They are trained together. Sides must be divisible by 2**depth.
    """

    key = "casnet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        blocks: int = 6,
        depth: int = 8,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.0,
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        entries = [in_channels, *[out_channels] * (blocks - 1)]
        self.blocks = nn.ModuleList(
            UNet(entry, out_channels, depth, width, norm, dropout, final, dims) for entry in entries
        )

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        for block in self.blocks:
            value = block(value)
        return value


class MedGANDiscriminator(PatchGAN):
    """Patch discriminator of 16-pixel fields under spectral norm (Armanious et al. 2020, section 4.2).

    4x4 convolutions of `width` at stride 2 and twice that at stride 1, and one to the score; LeakyReLU 0.2, batch norm
    in the second. Its two layers give the perceptual loss of MedGAN.
    """

    key = "medgan-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        layers: int = 1,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__(in_channels, condition_channels, layers, width, norm, dims)
        spectral(self)
