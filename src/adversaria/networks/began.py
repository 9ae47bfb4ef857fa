"""The networks of BEGAN: a decoder, and an autoencoder that ends in one."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of

_SMALLEST = 8


class BEGANGenerator(nn.Module):
    """Decoder (Berthelot et al. 2017, section 3.5): dense, then twice a 3x3 convolution and ELU at each size.

    Sizes grow from 8 by nearest-neighbour up-sampling; every convolution has `width` filters, but the last
    one has those of the image. No batch norm, no dropout, no final activation.
    """

    key = "began-generator"

    def __init__(self, out_channels: int = 1, size: int = 64, latent: int = 64, width: int = 128, dims: int = 2):
        super().__init__()
        self.latent_shape = (latent,)
        self.shape = (width, *(_SMALLEST,) * dims)
        levels = levels_of(size, _SMALLEST, "BEGAN")
        self.dense = nn.Linear(latent, width * _SMALLEST**dims)
        parts: list[nn.Module] = []
        for level in range(levels + 1):
            parts += [nn.Upsample(scale_factor=2)] if level else []
            parts += [*_pair(dims, width, width)]
        self.body = nn.Sequential(*parts, convolution(dims, width, out_channels, 3, 1, 1))

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from (B, N)."""
        joined = latent if condition is None else torch.cat([latent, condition], 1)
        return self.body(self.dense(joined).view(-1, *self.shape))


class BEGANAutoencoder(nn.Module):
    """Discriminator (Berthelot et al. 2017, section 3.5): an encoder whose filters grow by `width`, and a decoder.

    Twice a 3x3 convolution and ELU at each size, halved by strides; the decoder is that of the generator. Gives
    `restored` (B, C, *S) and `code` (B, N).
    """

    key = "began-autoencoder"

    def __init__(self, in_channels: int = 1, size: int = 64, code: int = 64, width: int = 128, dims: int = 2):
        super().__init__()
        levels = levels_of(size, _SMALLEST, "BEGAN")
        parts: list[nn.Module] = [convolution(dims, in_channels, width, 3, 1, 1), nn.ELU()]
        inputs = width
        for level in range(levels + 1):
            outputs = width * (level + 1)
            parts += _pair(dims, inputs, outputs)
            parts += [convolution(dims, outputs, outputs, 3, 2, 1), nn.ELU()] if level < levels else []
            inputs = outputs
        self.encoder = nn.Sequential(*parts, nn.Flatten(), nn.Linear(inputs * _SMALLEST**dims, code))
        self.decoder = BEGANGenerator(in_channels, size, code, width, dims)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Give the reconstruction and the code."""
        code = self.encoder(image)
        return {"restored": self.decoder(code), "code": code}


def _pair(dims: int, inputs: int, outputs: int) -> list[Any]:
    return [
        convolution(dims, inputs, outputs, 3, 1, 1), nn.ELU(), convolution(dims, outputs, outputs, 3, 1, 1), nn.ELU()
    ]  # fmt: skip
