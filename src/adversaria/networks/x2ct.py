"""The generator of X2CT-GAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.vocabulary import UserError


def _layer(dims: int, inputs: int, outputs: int, stride: int, norm: str) -> nn.Module:
    kernel = 4 if stride == 2 else 3
    return nn.Sequential(
        convolution(dims, inputs, outputs, kernel, stride, 1), normalisation(norm, dims, outputs), nn.ReLU()
    )


class X2CTGenerator(nn.Module):
    """Two X-rays to a volume (Ying et al. 2019, section 3.2): an encoder for each view, a decoder in 3D.

    At every level the 2D maps of a view are repeated along its rays and convolved (the paper's connection B), the two
    views are averaged (connection C) and join the decoder as a skip. The paper's connection A, dense layers at the
    bottom, is left out, and its dense blocks are plain convolutions. Takes (B, 2 C, N, M), gives (B, C, N, N, M);
    `size` is the side, divisible by 2**depth. Widths double from `width`.
    """

    key = "x2ct-generator"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 128,
        depth: int = 4,
        width: int = 16,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 3,
    ):
        super().__init__()
        if dims != 3:
            raise UserError("two X-rays make a volume: this generator is for 3D.", "Choose a patch of three sides.")
        if size % 2**depth:
            raise UserError(f"a side of {size} cannot be halved {depth} times.", "Choose another patch or depth.")
        widths = [width * 2**k for k in range(depth)]
        self.views = nn.ModuleList(self._encoder([out_channels, *widths], norm) for _ in range(2))
        self.lifts = nn.ModuleList(
            nn.ModuleList(_layer(3, inner, inner, 1, norm) for inner in widths) for _ in range(2)
        )
        self.up = nn.ModuleList()
        for level in reversed(range(1, depth)):
            inputs = widths[level] * (1 if level == depth - 1 else 2)
            rise = transposed(3, inputs, widths[level - 1], 4, 2, 1)
            self.up.append(nn.Sequential(rise, normalisation(norm, 3, widths[level - 1]), nn.ReLU()))
        inner = widths[0] * (1 if depth == 1 else 2)
        last = [transposed(3, inner, width, 4, 2, 1), nn.ReLU(), convolution(3, width, out_channels, 3, 1, 1)]
        self.last = nn.Sequential(*last, final_layer(final))
        normal(self)

    @staticmethod
    def _encoder(widths: list[int], norm: str) -> nn.ModuleList:
        pairs = zip(widths[:-1], widths[1:], strict=True)
        return nn.ModuleList(_layer(2, inputs, outputs, 2, norm) for inputs, outputs in pairs)

    def lifted(self, view: Tensor, index: int) -> list[Tensor]:
        """The maps of a view at every level, repeated along its rays and convolved."""
        found, encoder, lifts = [], self.views[index], self.lifts[index]
        assert isinstance(encoder, nn.ModuleList) and isinstance(lifts, nn.ModuleList)
        value = view
        for layer, lift in zip(encoder, lifts, strict=True):
            value = layer(value)
            side = value.shape[2]
            deep = value.unsqueeze(2 + index)
            shape = [-1, -1, side, -1, -1] if index == 0 else [-1, -1, -1, side, -1]
            found.append(lift(deep.expand(*shape)))
        return found

    def forward(self, views: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make the volume."""
        pairs = [self.lifted(view, index) for index, view in enumerate(views.chunk(2, 1))]
        levels = [(first + second) / 2 for first, second in zip(*pairs, strict=True)]
        value = levels[-1]
        for block, skip in zip(self.up, reversed(levels[:-1]), strict=True):
            value = torch.cat([block(value), skip], 1)
        return self.last(value)
