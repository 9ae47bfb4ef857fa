"""A U-Net whose levels hold residual blocks."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.networks.resnet import ResidualBlock
from adversaria.vocabulary import UserError


class ResidualSkipNet(nn.Module):
    """U-Net with a residual block at every level (after Olut et al. 2018): `depth` halvings and back, with skips.

    A 3x3 convolution and a residual block a level, 4x4 convolutions of stride 2 on the way down and transposed ones on
    the way up, ReLU; widths double from `width` up to 8 times it. Every side must be divisible by 2**depth. The
    paper's own widths and depth could not be confirmed.
    """

    key = "residual-skip-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        depth: int = 4,
        width: int = 32,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        self.depth = depth
        widths = [width * min(2**k, 8) for k in range(depth + 1)]
        self.stem = nn.Sequential(convolution(dims, in_channels, width, 3, 1, 1), ResidualBlock(width, norm, dims))
        self.down, self.up, self.join = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for small, large in zip(widths[:-1], widths[1:], strict=True):
            halved = convolution(dims, small, large, 4, 2, 1)
            self.down.append(
                nn.Sequential(halved, normalisation(norm, dims, large), nn.ReLU(), ResidualBlock(large, norm, dims))
            )
            self.up.append(
                nn.Sequential(transposed(dims, large, small, 4, 2, 1), normalisation(norm, dims, small), nn.ReLU())
            )
            self.join.append(
                nn.Sequential(convolution(dims, 2 * small, small, 3, 1, 1), ResidualBlock(small, norm, dims))
            )
        self.last = nn.Sequential(convolution(dims, width, out_channels, 3, 1, 1), final_layer(final))
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        if any(side % 2**self.depth for side in value.shape[2:]):
            raise UserError(
                f"a residual U-Net of depth {self.depth} needs sides divisible by {2**self.depth}, not "
                f"{'x'.join(map(str, value.shape[2:]))}.",
                "Choose such a patch, or a smaller depth: --set game.generator.depth=...",
            )
        value = self.stem(value)
        skips = []
        for block in self.down:
            skips.append(value)
            value = block(value)
        for up, join, skip in zip(reversed(self.up), reversed(self.join), reversed(skips), strict=True):
            value = join(torch.cat([up(value), skip], 1))
        return self.last(value)
