"""The fully convolutional network: a classifier's layers whose maps of several depths are added."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import Pair, enlarged, pooled


class FCN(nn.Module):
    """Fully convolutional network (Long et al. 2015, FCN-8s; light and grey as in Dai et al. 2017, SCAN).

    `depth` poolings of pairs of 3x3 convolutions, widths doubling from `width` up to 8 times it; the last three levels
    each give maps of the classes by a 1x1 convolution, which are enlarged and added. Gives logits.
    """

    key = "fcn"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        depth: int = 5,
        width: int = 16,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        widths = [width * min(2**k, 8) for k in range(depth + 1)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(Pair(a, b, norm, dims) for a, b in zip(inputs, widths, strict=True))
        self.heads = nn.ModuleList(convolution(dims, w, out_channels, 1) for w in widths[-3:])

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        levels: list[Tensor] = []
        for block in self.down:
            value = block(pooled(value) if levels else value)
            levels.append(value)
        maps: Tensor | None = None
        for level, head in zip(reversed(levels[-3:]), reversed(list(self.heads)), strict=True):
            found = head(level)
            maps = found if maps is None else found + enlarged(maps, found)
        assert maps is not None
        return enlarged(maps, image)
