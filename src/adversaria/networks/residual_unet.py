"""A U-Net of residual blocks."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.segmentation_unet import enlarged


class _Residual(nn.Module):
    """Norm, ReLU, 3x3 convolution, twice, beside a 1x1 shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: str, dims: int, first: bool = False):
        super().__init__()
        opening = [] if first else [normalisation(norm, dims, inputs), nn.ReLU()]
        self.body = nn.Sequential(
            *opening,
            convolution(dims, inputs, outputs, 3, stride, 1),
            normalisation(norm, dims, outputs),
            nn.ReLU(),
            convolution(dims, outputs, outputs, 3, 1, 1),
        )
        self.short = convolution(dims, inputs, outputs, 1, stride)

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return self.body(value) + self.short(value)


class ResidualUNet(nn.Module):
    """Residual U-Net (Zhang et al. 2018, figure 2): pre-activated residual blocks, strides of 2, linear upsampling.

    `depth` halvings, widths doubling from `width`; the size is kept whatever it is. Gives logits.
    """

    key = "residual-unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        depth: int = 3,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        widths = [width * 2**k for k in range(depth + 1)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(
            _Residual(a, b, 1 if k == 0 else 2, norm, dims, k == 0)
            for k, (a, b) in enumerate(zip(inputs, widths, strict=True))
        )
        self.up = nn.ModuleList(
            _Residual(a + b, a, 1, norm, dims) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.head = convolution(dims, width, out_channels, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        skips = []
        for block in self.down:
            value = block(value)
            skips.append(value)
        for block, skip in zip(reversed(list(self.up)), reversed(skips[:-1]), strict=True):
            value = block(torch.cat([skip, enlarged(value, skip)], 1))
        return self.head(value)
