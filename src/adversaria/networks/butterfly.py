"""Two views of a volume that meet in the middle of a network."""

from typing import cast

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import Pair, enlarged, pooled
from adversaria.vocabulary import UserError


class ButterflyNet(nn.Module):
    """Butterfly network (Sekuboyina et al. 2018, figure 2): two 2D arms share a waist, two stacks of maps leave.

    Called with two projections of a volume, (B, C, R, Q) and (B, C, R, S), it gives maps (B, `out_channels`, ...)
    of each. Widths double from `width` over `depth` poolings of each arm; the waist joins both.

    UserError: not a volume.
    """

    key = "butterfly-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 25,
        depth: int = 4,
        width: int = 32,
        norm: str = "batch",
        dims: int = 3,
    ):
        super().__init__()
        if dims != 3:
            raise UserError("a butterfly network looks at projections of volumes.", "Use a patch of three sides.")
        widths = [width * 2**k for k in range(depth)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(
            nn.ModuleList(Pair(a, b, norm, 2) for a, b in zip(inputs, widths, strict=True)) for _ in range(2)
        )
        self.waist = Pair(2 * widths[-1], 2 * widths[-1], norm, 2)
        below = [2 * w for w in widths]
        self.up = nn.ModuleList(
            nn.ModuleList(Pair(a + b, a, norm, 2) for a, b in zip(widths, below, strict=True)) for _ in range(2)
        )
        self.heads = nn.ModuleList(convolution(2, width, out_channels, 1) for _ in range(2))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Give the maps of both views."""
        down, up = (cast("list[nn.ModuleList]", list(arms)) for arms in (self.down, self.up))
        ways, ends = [], []
        for view, arm in zip((first, second), down, strict=True):
            value, skips = view, []
            for block in arm:
                skips.append(block(value))
                value = pooled(skips[-1])
            ways.append(skips)
            ends.append(value)
        waist = self.waist(torch.cat([ends[0], enlarged(ends[1], ends[0])], 1))
        made = []
        for skips, arm, head in zip(ways, up, self.heads, strict=True):
            value = waist
            for block, skip in zip(reversed(list(arm)), reversed(skips), strict=True):
                value = block(torch.cat([skip, enlarged(value, skip)], 1))
            made.append(head(value))
        return made[0], made[1]
