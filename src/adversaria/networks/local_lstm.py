"""A segmenter of atrous convolutions with an LSTM over neighbourhoods."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.segmentation_unet import enlarged, pooled


class LocalLSTM(nn.Module):
    """An LSTM that reads the cells of each `window` in order, both ways, and gives each the sum of its states.

    (B, C, *S) is cut into windows without overlap (the border is filled with zeros), and keeps its size.
    """

    def __init__(self, width: int, window: int = 4):
        super().__init__()
        self.window = window
        self.memory = nn.LSTM(width, width, batch_first=True, bidirectional=True)

    def forward(self, value: Tensor) -> Tensor:
        """Read every window."""
        sides = value.shape[2:]
        rest = [(-side) % self.window for side in sides]
        value = pad(value, [x for r in reversed(rest) for x in (0, r)])
        counts = [side // self.window for side in value.shape[2:]]
        batch, width, dims = len(value), value.shape[1], len(counts)
        cut = value.reshape(batch, width, *(n for count in counts for n in (count, self.window)))
        outer, inner = range(2, 2 * dims + 2, 2), range(3, 2 * dims + 2, 2)
        order = (0, *outer, *inner, 1)
        rows = cut.permute(order)
        states, _ = self.memory(rows.reshape(-1, self.window**dims, width))
        both = torch.stack(states.chunk(2, -1)).sum(0).reshape(rows.shape)
        back = both.permute([order.index(axis) for axis in range(2 * dims + 2)]).reshape(value.shape)
        return back[(slice(None), slice(None), *(slice(0, side) for side in sides))]


class LocalLSTMNet(nn.Module):
    """Atrous autoencoder with local LSTM (as in Han et al. 2018, Spine-GAN, figure 3). Gives logits.

    Two blocks of two convolutions and a pooling (7x7 of `width`, 3x3 of twice), atrous 3x3 of four times `width` at
    rates 2, 4, 8, 16, to which a local LSTM of neighbouring cells is added, and two enlargements by 2.
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
        self.memory = LocalLSTM(4 * width)
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
