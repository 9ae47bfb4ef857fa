"""The U-Net of pix2pix."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.layers.zero_order_hold import ZeroOrderHold
from adversaria.vocabulary import UserError


class UNet(nn.Module):
    """U-Net translator (Isola et al. 2017, section 6.1.1): `depth` halvings and back, with skips.

    4x4 convolutions of stride 2, widths doubling from `width` up to 8 times it, LeakyReLU 0.2 on the way
    down, ReLU and transposed convolutions on the way up, dropout in up to three inner levels. No
    normalisation in the first and the innermost level. Every side must be divisible by 2**depth. With `hold` the way up
    leaves no checkerboard: transposed convolutions of 3x3 instead of 4x4, each averaged over two neighbours.
    """

    key = "unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        depth: int = 8,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.5,
        final: str = "tanh",
        dims: int = 2,
        hold: bool = False,
    ):
        super().__init__()
        self.depth = depth
        widths = [width * min(2**k, 8) for k in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, outputs in enumerate(widths):
            inputs = in_channels if level == 0 else widths[level - 1]
            normed = 0 < level < depth - 1
            parts: list[nn.Module] = [] if level == 0 else [LeakyReLU()]
            parts.append(convolution(dims, inputs, outputs, 4, 2, 1, not normed or norm != "batch"))
            self.down.append(nn.Sequential(*parts, *([normalisation(norm, dims, outputs)] if normed else [])))
        for level in reversed(range(1, depth)):
            inputs = widths[level] * (1 if level == depth - 1 else 2)
            parts = [nn.ReLU(), _up(dims, inputs, widths[level - 1], hold, norm != "batch")]
            parts.append(normalisation(norm, dims, widths[level - 1]))
            if dropout and depth - 4 <= level - 1 < depth - 1 and widths[level] == widths[level - 1]:
                parts.append(nn.Dropout(dropout))
            self.up.append(nn.Sequential(*parts))
        inner = widths[0] * (1 if depth == 1 else 2)
        self.last = nn.Sequential(nn.ReLU(), _up(dims, inner, out_channels, hold), final_layer(final))
        normal(self)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations on the way down, from the first halving to the innermost."""
        value = image if condition is None else torch.cat([image, condition], 1)
        unit = 2**self.depth
        if any(side % unit for side in value.shape[2:]):
            size = "x".join(map(str, value.shape[2:]))
            raise UserError(
                f"a U-Net of depth {self.depth} needs sides divisible by {unit}, not {size}.",
                "Choose such a patch, or a smaller depth: --set game.generator.depth=...",
            )
        skips = []
        for block in self.down:
            value = block(value)
            skips.append(value)
        return skips

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        skips = self.features(image, condition)
        value = skips[-1]
        for block, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            value = torch.cat([block(value), skip], 1)
        return self.last(value)


def _up(dims: int, inputs: int, outputs: int, hold: bool, bias: bool = True) -> nn.Module:
    """Give a layer that doubles every side."""
    if hold:
        # the variance of a voxel with independent weights: 2 an axis with 4 taps, 3/4 with 3 of them held
        loud = (8 / 3) ** (dims / 2)
        return nn.Sequential(transposed(dims, inputs, outputs, 3, 2, bias=bias), ZeroOrderHold(dims, loud))
    return transposed(dims, inputs, outputs, 4, 2, 1, bias=bias)
