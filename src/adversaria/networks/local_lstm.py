"""A segmenter of atrous convolutions with an LSTM over neighbourhoods."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.segmentation_unet import enlarged, pooled


class LocalLSTM(nn.Module):
    """An LSTM that reads the means of all cells of `cell` voxels a side, row by row, both ways; each gets their sum.

    (B, C, *S) keeps its size: what the cells are given is enlarged again.
    """

    def __init__(self, width: int, cell: int = 4, dims: int = 2):
        super().__init__()
        kind = nn.AvgPool2d if dims == 2 else nn.AvgPool3d
        self.cells = kind(cell, ceil_mode=True, count_include_pad=False)
        self.memory = nn.LSTM(width, width, batch_first=True, bidirectional=True)

    def forward(self, value: Tensor) -> Tensor:
        """Read every cell."""
        small = self.cells(value)
        states, _ = self.memory(small.flatten(2).mT)
        both = torch.stack(states.chunk(2, -1)).sum(0)
        return enlarged(both.mT.reshape(small.shape), value)


class LocalLSTMNet(nn.Module):
    """Atrous autoencoder with local LSTM (as in Han et al. 2018, Spine-GAN, figure 3). Gives logits.

    Two blocks of two convolutions and a pooling (7x7 of `width`, 3x3 of twice), atrous 3x3 of four times `width` at
    rates 2, 4, 8, 16, to which a local LSTM over all cells of 4x4 is added, and two enlargements by 2.
    """

    key = "local-lstm-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        width: int = 32,
        rates: tuple[int, ...] = (2, 4, 8, 16),
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        kind = nn.Conv2d if dims == 2 else nn.Conv3d

        def block(inputs: int, outputs: int, kernel: int, rate: int = 1) -> list[nn.Module]:
            layer = kind(inputs, outputs, kernel, padding=kernel // 2 * rate, dilation=rate)
            return [layer, normalisation(norm, dims, outputs), nn.ReLU()]

        self.first = nn.Sequential(*block(in_channels, width, 7), *block(width, width, 7))
        self.second = nn.Sequential(*block(width, 2 * width, 3), *block(2 * width, 2 * width, 3))
        wide = [2 * width, *[4 * width] * len(rates)]
        atrous = [block(a, 4 * width, 3, rate) for a, rate in zip(wide[:-1], rates, strict=True)]
        self.atrous = nn.Sequential(*(part for parts in atrous for part in parts))
        self.memory = LocalLSTM(4 * width, dims=dims)
        self.up = nn.ModuleList(nn.Sequential(*block(4 * width >> k, 2 * width >> k, 3)) for k in (0, 1))
        self.head = convolution(dims, width, out_channels, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        first = self.first(image if condition is None else torch.cat([image, condition], 1))
        second = self.second(pooled(first))
        value = self.atrous(pooled(second))
        value = value + self.memory(value)
        value = self.up[1](enlarged(self.up[0](enlarged(value, second)), first))
        return self.head(value)
