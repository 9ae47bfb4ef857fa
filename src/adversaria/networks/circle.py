"""The generator of GAN-CIRCLE."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, transposed

_SLOPE = 0.1


class CircleGenerator(nn.Module):
    """Dense generator (You et al. 2020, GAN-CIRCLE, and its code): it looks at half the size and adds a difference.

    A 3x3 convolution of stride 2 and `layers` - 1 more, whose widths fall from `width` towards `narrowest` and which
    see the outputs of all before them; a 1x1 convolution of `width` / 2 beside one of `width` / 4 that a 3x3 of
    `width` / 16 follows (network in network); a 3x3 convolution, a transposed 4x4 of stride 2, and a 3x3 to one
    channel. LeakyReLU 0.1, no norm. Sides must be even; source and target have equal channels. The paper's widths
    between the two ends could not be confirmed; ours fall evenly.
    """

    key = "circle-generator"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        layers: int = 12,
        width: int = 128,
        narrowest: int = 16,
        dims: int = 2,
    ):
        super().__init__()
        fall = (width - narrowest) / max(layers - 1, 1)
        widths = [max(1, round(width - fall * k)) for k in range(layers)]
        # a layer sees all that came before it
        seen = [in_channels] + [sum(widths[:k]) for k in range(1, layers)]
        self.dense = nn.ModuleList(
            nn.Sequential(convolution(dims, i, o, 3, 2 if k == 0 else 1, 1), nn.LeakyReLU(_SLOPE))
            for k, (i, o) in enumerate(zip(seen, widths, strict=True))
        )
        total, half, quarter, small = sum(widths), max(1, width // 2), max(1, width // 4), max(1, width // 16)
        act = nn.LeakyReLU(_SLOPE)
        self.one = nn.Sequential(convolution(dims, total, half, 1), act)
        self.other = nn.Sequential(
            convolution(dims, total, quarter, 1), act, convolution(dims, quarter, small, 3, 1, 1), act
        )
        self.last = nn.Sequential(
            convolution(dims, half + small, quarter, 3, 1, 1), act,
            transposed(dims, quarter, quarter, 4, 2, 1), act,
            convolution(dims, quarter, out_channels, 3, 1, 1),
        )  # fmt: skip

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C, *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        maps: list[Tensor] = []
        for layer in self.dense:
            maps.append(layer(torch.cat(maps, 1) if maps else value))
        joined = torch.cat(maps, 1)
        return image + self.last(torch.cat([self.one(joined), self.other(joined)], 1))
