"""The parts of coupled GANs, cut from the DCGAN pair."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of, normalisation, transposed
from adversaria.networks.initialise import normal


class CoupledTrunk(nn.Module):
    """The shared first layers of coupled generators (Liu and Tuzel 2016): latent to (B, width, S/2).

    Transposed 4x4 convolutions with batch norm and ReLU, widths halving to `width`.
    """

    key = "coupled-trunk"

    def __init__(self, size: int = 64, latent: int = 100, width: int = 64, norm: str = "batch", dims: int = 2):
        super().__init__()
        self.latent_shape, self.dims = (latent,), dims
        levels = levels_of(size, 4, "a coupled GAN") - 1
        widths = [width * 2**k for k in reversed(range(levels + 1))]
        parts = [transposed(dims, latent, widths[0], 4, 1, 0), normalisation(norm, dims, widths[0]), nn.ReLU()]
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [transposed(dims, inputs, outputs, 4, 2, 1), normalisation(norm, dims, outputs), nn.ReLU()]
        self.body = nn.Sequential(*parts)
        normal(self)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give the maps that both domains start from."""
        joined = latent if condition is None else torch.cat([latent, condition], 1)
        return self.body(joined.view(*joined.shape, *[1] * self.dims))


class CoupledHead(nn.Module):
    """A domain's own last layers: (B, width, S/2) to an image (B, C, S), tanh."""

    key = "coupled-head"

    def __init__(self, out_channels: int = 1, width: int = 64, norm: str = "batch", dims: int = 2):
        super().__init__()
        parts = [convolution(dims, width, width, 3, 1, 1), normalisation(norm, dims, width), nn.ReLU()]
        self.body = nn.Sequential(*parts, transposed(dims, width, out_channels, 4, 2, 1), nn.Tanh())
        normal(self)

    def forward(self, maps: Tensor) -> Tensor:
        """Make the domain's image."""
        return self.body(maps)


class CoupledFront(nn.Module):
    """A domain's own first layers of the discriminator: an image to (B, width, S/2)."""

    key = "coupled-front"

    def __init__(self, in_channels: int = 1, width: int = 64, dims: int = 2):
        super().__init__()
        self.body = nn.Sequential(convolution(dims, in_channels, width, 4, 2, 1), nn.LeakyReLU(0.2))
        normal(self)

    def forward(self, image: Tensor) -> Tensor:
        """Give maps that the shared layers judge."""
        return self.body(image)


class CoupledJudge(nn.Module):
    """The shared last layers of coupled discriminators: (B, width, S/2) to one score."""

    key = "coupled-judge"

    def __init__(self, size: int = 64, width: int = 64, norm: str = "batch", dims: int = 2):
        super().__init__()
        levels = levels_of(size, 4, "a coupled GAN") - 1
        parts: list[nn.Module] = []
        for level in range(levels):
            outputs = width * 2 ** (level + 1)
            parts += [convolution(dims, width * 2**level, outputs, 4, 2, 1), normalisation(norm, dims, outputs)]
            parts.append(nn.LeakyReLU(0.2))
        self.body = nn.Sequential(*parts, convolution(dims, width * 2**levels, 1, 4), nn.Flatten())
        normal(self)

    def forward(self, maps: Tensor) -> Tensor:
        """Give raw scores (B, 1)."""
        return self.body(maps)
