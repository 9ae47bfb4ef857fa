"""The generator of mDCSRN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation


class _Block(nn.Module):
    """Units of batch norm, ELU and a 3x3 convolution; each sees the block's input and all units before it."""

    def __init__(self, inputs: int, units: int, growth: int, norm: str, dims: int):
        super().__init__()
        self.units = nn.ModuleList(
            nn.Sequential(
                normalisation(norm, dims, inputs + k * growth),
                nn.ELU(),
                convolution(dims, inputs + k * growth, growth, 3, 1, 1),
            )
            for k in range(units)
        )

    def forward(self, value: Tensor) -> Tensor:
        for unit in self.units:
            value = torch.cat([value, unit(value)], 1)
        return value


class MultiLevelDense(nn.Module):
    """Multi-level densely connected network (Chen et al. 2018, mDCSRN): `blocks` dense blocks without pooling.

    A 3x3 convolution to `width` maps; blocks of `units` units that add `growth` maps each; before each block but the
    first a 1x1 convolution compresses the outputs of all earlier blocks and of the first layer to `width` maps; a 1x1
    convolution of everything gives the image. The input is on the grid of the output. A unit is batch norm, ELU and
    convolution. With `residual` the input is added to the output.
    """

    key = "mdcsrn"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        blocks: int = 4,
        units: int = 4,
        growth: int = 16,
        width: int = 32,
        norm: str = "batch",
        residual: bool = False,
        dims: int = 3,
    ):
        super().__init__()
        self.residual = residual
        self.first = convolution(dims, in_channels, width, 3, 1, 1)
        made = width + units * growth
        self.blocks = nn.ModuleList(_Block(width, units, growth, norm, dims) for _ in range(blocks))
        self.compress = nn.ModuleList(convolution(dims, width + k * made, width, 1) for k in range(1, blocks))
        self.last = convolution(dims, width + blocks * made, out_channels, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        levels = [self.first(image if condition is None else torch.cat([image, condition], 1))]
        for k, block in enumerate(self.blocks):
            levels.append(block(self.compress[k - 1](torch.cat(levels, 1)) if k else levels[0]))
        made = self.last(torch.cat(levels, 1))
        return image + made if self.residual else made
