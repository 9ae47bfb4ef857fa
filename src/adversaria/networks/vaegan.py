"""The three networks of the VAE/GAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of, normalisation, transposed
from adversaria.networks.scoring import Discriminator

_SMALLEST = 8


class ConvEncoder(nn.Module):
    """Encoder (Larsen et al. 2016, table 1): strided 5x5 convolutions with batch norm, dense, two heads."""

    key = "vaegan-encoder"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 64,
        latent: int = 128,
        width: int = 64,
        hidden: int = 1024,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        levels = levels_of(size, _SMALLEST, "VAE/GAN")
        widths = [in_channels] + [width * 2**k for k in range(levels)]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [
                convolution(dims, inputs, outputs, 5, 2, 2),
                normalisation(norm, dims, outputs),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(
            *parts,
            nn.Flatten(),
            nn.Linear(widths[-1] * _SMALLEST**dims, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
        )
        self.heads = nn.Linear(hidden, 2 * latent)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log variance (B, N) of the posterior of (B, C, *S)."""
        mean, log_variance = self.heads(self.body(image)).chunk(2, 1)
        return mean, log_variance


class ConvDecoder(nn.Module):
    """Decoder (Larsen et al. 2016, table 1): dense, transposed convolutions with batch norm, tanh."""

    key = "vaegan-decoder"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 64,
        latent: int = 128,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        levels = levels_of(size, _SMALLEST, "VAE/GAN")
        widths = [width * 2**k for k in reversed(range(levels))]
        self.shape = (widths[0], *(_SMALLEST,) * dims)
        self.dense = nn.Sequential(nn.Linear(latent, widths[0] * _SMALLEST**dims), nn.ReLU())
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths, [*widths[1:], widths[-1]], strict=True):
            parts += [
                transposed(dims, inputs, outputs, 4, 2, 1),
                normalisation(norm, dims, outputs),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*parts, convolution(dims, widths[-1], out_channels, 5, 1, 2), nn.Tanh())

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from (B, N)."""
        joined = latent if condition is None else torch.cat([latent, condition], 1)
        return self.body(self.dense(joined).view(-1, *self.shape))


class VAEGANDiscriminator(Discriminator):
    """Discriminator (Larsen et al. 2016, table 1): 5x5 convolutions with batch norm, dense, one score."""

    key = "vaegan-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 64,
        width: int = 32,
        hidden: int = 512,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        levels = levels_of(size, _SMALLEST, "VAE/GAN")
        widths = [width, *[width * 4 * min(2**k, 2) for k in range(levels)]]
        first = convolution(dims, in_channels + condition_channels, width, 5, 1, 2)
        blocks = [nn.Sequential(first, nn.ReLU())]
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            strided = convolution(dims, inputs, outputs, 5, 2, 2)
            blocks.append(nn.Sequential(strided, normalisation(norm, dims, outputs), nn.ReLU()))
        self.blocks = nn.ModuleList(blocks)
        dense = nn.Linear(widths[-1] * _SMALLEST**dims, hidden)
        self.head = nn.Sequential(nn.Flatten(), dense, nn.ReLU(), nn.Linear(hidden, 1))
