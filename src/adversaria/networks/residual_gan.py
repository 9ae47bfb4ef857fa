"""Residual generator and discriminator for images from a latent vector."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of, normalisation
from adversaria.networks.initialise import glorot
from adversaria.networks.layers.conditional_batch_norm import ConditionalBatchNorm
from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.resample import doubled, halved
from adversaria.networks.scoring import Discriminator
from adversaria.vocabulary import UserError

_WIDEST = 16


class GeneratorBlock(nn.Module):
    """Norm, ReLU, doubling, 3x3, norm, ReLU, 3x3; beside it doubling and 1x1 (Miyato et al. 2018, figure 8)."""

    def __init__(self, inputs: int, outputs: int, norm: str, classes: int, dims: int):
        super().__init__()
        self.classes = classes
        self.norms = nn.ModuleList(
            ConditionalBatchNorm(width, classes, dims) if classes else normalisation(norm, dims, width)
            for width in (inputs, outputs)
        )
        self.first, self.second = (convolution(dims, width, outputs, 3, 1, 1) for width in (inputs, outputs))
        self.skip = convolution(dims, inputs, outputs, 1)

    def forward(self, value: Tensor, label: Tensor | None) -> Tensor:
        """Double the size."""
        given = (label,) if self.classes else ()
        inner = self.first(doubled(torch.relu(self.norms[0](value, *given))))
        return self.second(torch.relu(self.norms[1](inner, *given))) + self.skip(doubled(value))


class ResidualGenerator(nn.Module):
    """Residual generator (Gulrajani et al. 2017, appendix F; Miyato et al. 2018, tables 3-5).

    Dense to 4 pixels a side, pre-activated blocks that double the size by nearest neighbour, batch norm, ReLU,
    3x3, tanh. `width` is that of the last block; it doubles towards the latent up to 16 times. With `classes` batch
    norm is conditional on the label (Miyato and Koyama 2018, section 5).
    """

    key = "residual-gan"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 64,
        latent: int = 128,
        width: int = 64,
        norm: str = "batch",
        classes: int = 0,
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        self.classes = classes
        levels = levels_of(size, 4, "The residual generator")
        widths = [width * min(2**k, _WIDEST) for k in reversed(range(levels))]
        self.shape = (widths[0], *(4,) * dims)
        self.dense = nn.Linear(latent, widths[0] * 4**dims)
        self.blocks = nn.ModuleList(
            GeneratorBlock(inputs, outputs, norm, classes, dims)
            for inputs, outputs in zip([widths[0], *widths[:-1]], widths, strict=True)
        )
        self.last = nn.Sequential(
            normalisation(norm, dims, width), nn.ReLU(), convolution(dims, width, out_channels, 3, 1, 1), nn.Tanh()
        )
        glorot(self)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from (B, N), and from the class (B,) if it was built with classes."""
        if self.classes and condition is None:
            raise TypeError("this generator was built with classes and needs the class of each image")
        value = self.dense(latent).view(-1, *self.shape)
        for block in self.blocks:
            value = block(value, condition)
        return self.last(value)


class DiscriminatorBlock(nn.Module):
    """ReLU, 3x3, ReLU, 3x3, halving; beside it 1x1 and halving. The first block of a network has no first ReLU."""

    def __init__(self, inputs: int, outputs: int, dims: int, first: bool = False, down: bool = True):
        super().__init__()
        self.opens, self.times = first, int(down)
        self.first, self.second = (convolution(dims, width, outputs, 3, 1, 1) for width in (inputs, outputs))
        plain = inputs == outputs and not down
        self.skip = nn.Identity() if plain else convolution(dims, inputs, outputs, 1)

    def forward(self, value: Tensor) -> Tensor:
        """Halve the size."""
        inner = self.first(value if self.opens else torch.relu(value))
        beside = self.skip(halved(value, self.times)) if self.opens else halved(self.skip(value), self.times)
        return halved(self.second(torch.relu(inner)), self.times) + beside


class ResidualDiscriminator(Discriminator):
    """Residual discriminator (Gulrajani et al. 2017, appendix F; Miyato et al. 2018, tables 3-5).

    Blocks that halve the size by averaging down to 4 pixels a side, one more block, ReLU, the sum over the
    pixels, dense to one score. Widths double from `width` up to 16 times it. No batch norm; `norm` is "spectral" or,
    for a gradient penalty, "none".
    """

    key = "residual-gan"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 64,
        width: int = 64,
        norm: str = "spectral",
        dims: int = 2,
    ):
        super().__init__()
        if norm not in ("spectral", "none"):
            raise UserError(f"there is no normalisation '{norm}' here.", "Choose spectral or none.")
        self.dims = dims
        levels = levels_of(size, 4, "The residual discriminator")
        widths = [in_channels + condition_channels] + [width * min(2**k, _WIDEST) for k in range(levels)]
        blocks = [
            DiscriminatorBlock(inputs, outputs, dims, first=not index)
            for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        ]
        blocks.append(DiscriminatorBlock(widths[-1], widths[-1], dims, down=False))
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(SumPool(), nn.Linear(widths[-1], 1))
        glorot(self)
        if norm == "spectral":
            spectral(self)


class SumPool(nn.Module):
    """ReLU and the sum over all pixels: (B, C, *S) to (B, C)."""

    def forward(self, value: Tensor) -> Tensor:
        """Sum."""
        return torch.relu(value).flatten(2).sum(2)
