"""The networks of TomoGAN."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, max_pool3d

from adversaria.networks.dims import convolution
from adversaria.networks.scoring import Discriminator
from adversaria.networks.slices import neighbours, stacked


def _double(inputs: int, outputs: int, dims: int) -> nn.Sequential:
    first, second = convolution(dims, inputs, outputs, 3, 1, 1), convolution(dims, outputs, outputs, 3, 1, 1)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())


class TomoUNet(nn.Module):
    """Small U-Net (Liu et al. 2020, and its code): 1x1 convolution of 8, levels of 1, 2 and 4 times `width`, and back.

    Two 3x3 convolutions a level, max pooling, linear up-sampling joined with the way down, then 1x1 convolutions to 16
    and to the output; ReLU, no norm. With `neighbourhood` above 1 a volume is taken slice by slice, each with that many
    slices as channels (repeated beyond the ends), by a flat network; with 1, in three dimensions. Sides of images must
    be divisible by 8.
    """

    key = "tomo-unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        width: int = 32,
        neighbourhood: int = 3,
        dims: int = 2,
    ):
        super().__init__()
        self.neighbourhood = neighbourhood if dims == 3 else 1
        flat = 2 if self.neighbourhood > 1 else dims
        self.pool = max_pool2d if flat == 2 else max_pool3d
        self.mode = "bilinear" if flat == 2 else "trilinear"
        w = width
        self.first = nn.Sequential(convolution(flat, in_channels * self.neighbourhood, 8, 1), nn.ReLU())
        self.down = nn.ModuleList(_double(a, b, flat) for a, b in ((8, w), (w, 2 * w), (2 * w, 4 * w)))
        self.bottom = nn.Sequential(convolution(flat, 4 * w, 4 * w, 3, 1, 1), nn.ReLU())
        self.up = nn.ModuleList(_double(a, b, flat) for a, b in ((8 * w, 2 * w), (4 * w, w), (2 * w, w)))
        self.last = nn.Sequential(convolution(flat, w, 16, 1), nn.ReLU(), convolution(flat, 16, out_channels, 1))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        joined = image if condition is None else torch.cat([image, condition], 1)
        if self.neighbourhood == 1:
            return self.flat(joined)
        return stacked(self.flat(neighbours(joined, self.neighbourhood)), len(image))

    def flat(self, value: Tensor) -> Tensor:
        """Translate what is laid out as the network takes it."""
        value, skips = self.first(value), []
        for block in self.down:
            skips.append(block(value))
            value = self.pool(skips[-1], 2)
        value = self.bottom(value)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            larger = interpolate(value, scale_factor=2.0, mode=self.mode, align_corners=False)
            value = block(torch.cat([larger, skip], 1))
        return self.last(value)


class TomoDiscriminator(Discriminator):
    """Discriminator (Liu et al. 2020, and its code): six 3x3 convolutions, dense 64 and dense 1, no norm.

    Widths 1, 1, 2, 2, 2 times `width` and 4, strides 1 and 2 in turn, ReLU in the paper's code; here LeakyReLU 0.2, as
    every discriminator of this library. A volume is judged slice by slice: (B, D). `size` is the side.
    """

    key = "tomo-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 256,
        shape: tuple[int, ...] | None = None,
        width: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        self.sliced = dims == 3
        widths = [in_channels + condition_channels, width, width, 2 * width, 2 * width, 2 * width, 4]
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(2, a, b, 3, 1 + index % 2, 1), nn.LeakyReLU(0.2))
            for index, (a, b) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        rows, columns = (-(-side // 8) for side in (shape or (size, size))[:2])
        dense = nn.Linear(4 * rows * columns, 64)
        self.head = nn.Sequential(nn.Flatten(), dense, nn.LeakyReLU(0.2), nn.Linear(64, 1))

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations after each block, a slice a row."""
        joined = image if condition is None else torch.cat([image, condition], 1)
        return super().features(neighbours(joined, 1) if self.sliced else joined)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give a raw score of each slice, (B, slices)."""
        return self.head(self.features(image, condition)[-1]).view(len(image), -1)
