"""The networks of SRGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation
from adversaria.networks.scoring import Discriminator
from adversaria.vocabulary import UserError


def shuffle(value: Tensor, factor: int = 2) -> Tensor:
    """Sub-pixel rearrangement (Shi et al. 2016, eq. 4): (B, C f^d, *S) to (B, C, *(f S)), for d = 2 or 3 axes."""
    count, size = value.ndim - 2, value.shape[2:]
    channels = value.shape[1] // factor**count
    split = value.reshape(value.shape[0], channels, *[factor] * count, *size)
    order = [0, 1] + [axis for k in range(count) for axis in (2 + count + k, 2 + k)]
    return split.permute(order).reshape(value.shape[0], channels, *(factor * side for side in size))


class _Block(nn.Module):
    def __init__(self, width: int, norm: str, dims: int):
        super().__init__()
        parts = [convolution(dims, width, width, 3, 1, 1), normalisation(norm, dims, width), nn.PReLU()]
        self.body = nn.Sequential(*parts, convolution(dims, width, width, 3, 1, 1), normalisation(norm, dims, width))

    def forward(self, value: Tensor) -> Tensor:
        return value + self.body(value)


class _Double(nn.Module):
    def __init__(self, width: int, dims: int):
        super().__init__()
        self.layer, self.rise = convolution(dims, width, width * 2**dims, 3, 1, 1), nn.PReLU()

    def forward(self, value: Tensor) -> Tensor:
        return self.rise(shuffle(self.layer(value)))


class SRResNet(nn.Module):
    """Super-resolution generator (Ledig et al. 2017, figure 4): `blocks` residual blocks and pixel shuffles.

    Convolutions of `kernel` pixels at both ends, PReLU, batch norm in the blocks, a bypass around all blocks; each
    doubling is a 3x3 convolution and a pixel shuffle. `factor` is a power of two. Gives images `factor` times as large.
    """

    key = "srresnet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        factor: int = 4,
        blocks: int = 16,
        width: int = 64,
        norm: str = "batch",
        final: str = "tanh",
        kernel: int = 9,
        dims: int = 2,
    ):
        super().__init__()
        doublings = factor.bit_length() - 1
        if factor < 2 or 2**doublings != factor:
            raise UserError(f"SRResNet enlarges by powers of two, not by {factor}.", "Choose 2, 4 or 8.")
        self.factor = factor
        self.first = nn.Sequential(convolution(dims, in_channels, width, kernel, 1, kernel // 2), nn.PReLU())
        self.blocks = nn.Sequential(*[_Block(width, norm, dims) for _ in range(blocks)])
        self.join = nn.Sequential(convolution(dims, width, width, 3, 1, 1), normalisation(norm, dims, width))
        self.up = nn.Sequential(*[_Double(width, dims) for _ in range(doublings)])
        self.last = nn.Sequential(convolution(dims, width, out_channels, kernel, 1, kernel // 2), final_layer(final))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Enlarge (B, C, *S) to (B, C', *(factor S))."""
        value = self.first(image if condition is None else torch.cat([image, condition], 1))
        return self.last(self.up(value + self.join(self.blocks(value))))


class SRDiscriminator(Discriminator):
    """Discriminator (Ledig et al. 2017, figure 4): eight 3x3 convolutions of stride 1 and 2, two dense layers.

    Widths 1, 1, 2, 2, 4, 4, 8, 8 times `width`, LeakyReLU 0.2, batch norm but in the first layer.
    `shape` is that of the patch, else `size` a side.
    """

    key = "srgan-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 96,
        shape: tuple[int, ...] | None = None,
        width: int = 64,
        hidden: int = 1024,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * k for k in (1, 1, 2, 2, 4, 4, 8, 8)]
        blocks = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            parts = [convolution(dims, inputs, outputs, 3, 1 + index % 2, 1)]
            parts += [normalisation(norm, dims, outputs)] if index else []
            blocks.append(nn.Sequential(*parts, nn.LeakyReLU(0.2)))
        self.blocks = nn.ModuleList(blocks)
        cells = torch.Size(-(-side // 16) for side in shape or (size,) * dims).numel()
        dense = nn.Linear(widths[-1] * cells, hidden)
        self.head = nn.Sequential(nn.Flatten(), dense, nn.LeakyReLU(0.2), nn.Linear(hidden, 1))
