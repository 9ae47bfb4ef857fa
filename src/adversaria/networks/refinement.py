"""The refinement network of adversarial compressed sensing, and its discriminator."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation, reflection
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


def _convolved(dims: int, inputs: int, outputs: int, stride: int, norm: str) -> nn.Module:
    return nn.Sequential(
        _reflected(dims), convolution(dims, inputs, outputs, 4, stride), normalisation(norm, dims, outputs), LeakyReLU()
    )


def _reflected(dims: int) -> nn.Module:
    """Keep the size (stride 1) or halve it (stride 2) under a kernel of 4: one more voxel before than after."""
    return reflection(dims, (2, 1) * dims)  # type: ignore[arg-type]


class RefinementUNet(nn.Module):
    """U-Net of two halvings (Seitzer et al. 2018): 4x4 kernels, nearest up-sampling, reflection padding.

    Widths 1, 2, 4, 2, 1 times `width`, skips joined, batch norm, LeakyReLU 0.2. Gives what is to be added to an image.
    Sides must be divisible by 4.
    """

    key = "refinement-unet"

    def __init__(
        self, in_channels: int = 1, out_channels: int = 1, width: int = 32, norm: str = "batch", dims: int = 2
    ):
        super().__init__()
        self.first = _convolved(dims, in_channels, width, 1, norm)
        self.down = nn.ModuleList(
            [_convolved(dims, width, 2 * width, 2, norm), _convolved(dims, 2 * width, 4 * width, 2, norm)]
        )
        self.up = nn.ModuleList(
            [_convolved(dims, 4 * width, 2 * width, 1, norm), _convolved(dims, 4 * width, width, 1, norm)]
        )
        self.rise = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = nn.Sequential(_reflected(dims), convolution(dims, 2 * width, out_channels, 4))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give the refinement of (B, C, *S)."""
        value = self.first(image if condition is None else torch.cat([image, condition], 1))
        skips = [value]
        for block in self.down:
            value = block(value)
            skips.append(value)
        for block, skip in zip(self.up, (skips[1], skips[0]), strict=True):
            value = torch.cat([block(self.rise(value)), skip], 1)
        return self.last(value)


class RefinementDiscriminator(Discriminator):
    """Discriminator (Seitzer et al. 2018): six 4x4 convolutions, five of stride 2, and one to a map of scores.

    Widths 1, 2, 4, 8, 16, 16 times `width`, batch norm but in the first, LeakyReLU 0.2, `dropout` after the third to
    the fifth.
    """

    key = "refinement-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.5,
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * k for k in (1, 2, 4, 8, 16, 16)]
        blocks = []
        for k, (a, b) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            parts = [convolution(dims, a, b, 4, 2, 1) if k < 5 else convolution(dims, a, b, 3, 1, 1)]
            parts += [normalisation(norm, dims, b)] if k else []
            parts += [LeakyReLU(), *([nn.Dropout(dropout)] if dropout and 2 <= k <= 4 else [])]
            blocks.append(nn.Sequential(*parts))
        self.blocks = nn.ModuleList(blocks)
        self.head = convolution(dims, widths[-1], 1, 3, 1, 1)
