"""The networks of RefineGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, transposed
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


class _Bottleneck(nn.Module):
    """Half the width between two 3x3 convolutions, added to the input."""

    def __init__(self, width: int, norm: str, dims: int):
        super().__init__()
        half = max(width // 2, 1)
        self.body = nn.Sequential(
            convolution(dims, width, half, 3, 1, 1), normalisation(norm, dims, half), LeakyReLU(),
            convolution(dims, half, half, 3, 1, 1), normalisation(norm, dims, half), LeakyReLU(),
            convolution(dims, half, width, 3, 1, 1), normalisation(norm, dims, width),
        )  # fmt: skip

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return value + self.body(value)


def _encoder(inputs: int, outputs: int, norm: str, dims: int) -> nn.Module:
    return nn.Sequential(
        convolution(dims, inputs, outputs, 3, 2, 1), normalisation(norm, dims, outputs), LeakyReLU(),
        _Bottleneck(outputs, norm, dims), LeakyReLU(),
    )  # fmt: skip


def _decoder(inputs: int, outputs: int, norm: str, dims: int) -> nn.Module:
    return nn.Sequential(
        _Bottleneck(inputs, norm, dims), LeakyReLU(),
        transposed(dims, inputs, outputs, 3, 2, 1, 1), normalisation(norm, dims, outputs), LeakyReLU(),
    )  # fmt: skip


class RefineGenerator(nn.Module):
    """Residual encoder and decoder (Quan et al. 2018, figure 3), whose output is added to its input.

    `depth` levels of 3x3 convolutions of stride 2 and bottleneck residual blocks, widths doubling from `width`; what
    each level of the encoder gives is added (not joined) on the way up; batch norm, LeakyReLU, tanh. Sides must be
    divisible by 2**depth.
    """

    key = "refine-generator"

    def __init__(
        self,
        in_channels: int = 2,
        out_channels: int = 2,
        depth: int = 4,
        width: int = 64,
        norm: str = "batch",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        widths = [width * 2**k for k in range(depth)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(_encoder(a, b, norm, dims) for a, b in zip(inputs, widths, strict=True))
        outputs = [width, *widths[:-1]]
        self.up = nn.ModuleList(_decoder(b, a, norm, dims) for a, b in zip(outputs, widths, strict=True))
        self.last = nn.Sequential(convolution(dims, width, out_channels, 3, 1, 1), final_layer(final))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C, *S)."""
        value, skips = image if condition is None else torch.cat([image, condition], 1), []
        for block in self.down:
            value = block(value)
            skips.append(value)
        for block, skip in zip(reversed(self.up), [*reversed(skips[:-1]), None], strict=True):
            value = block(value) if skip is None else block(value) + skip
        return image + self.last(value)


class RefineCritic(Discriminator):
    """Critic of the encoder's kind (Quan et al. 2018, figure 3): a map of scores.

    A 4x4 convolution of stride 2 and `depth` residual encoder levels, batch norm, LeakyReLU 0.2.
    """

    key = "refine-critic"

    def __init__(
        self,
        in_channels: int = 2,
        condition_channels: int = 0,
        depth: int = 4,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [width, *(width * 2**k for k in range(depth))]
        first = nn.Sequential(convolution(dims, in_channels + condition_channels, width, 4, 2, 1), LeakyReLU())
        pairs = zip(widths[:-1], widths[1:], strict=True)
        self.blocks = nn.ModuleList([first, *(_encoder(a, b, norm, dims) for a, b in pairs)])
        self.head = convolution(dims, widths[-1], 1, 3, 1, 1)
