"""The networks of GANCS."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation, transposed
from adversaria.networks.scoring import Discriminator


class _Block(nn.Module):
    """Norm, ReLU and a 3x3 convolution, twice, added to the input (or to its projection)."""

    def __init__(self, inputs: int, width: int, norm: str, dims: int):
        super().__init__()
        self.body = nn.Sequential(
            normalisation(norm, dims, inputs), nn.ReLU(), convolution(dims, inputs, width, 3, 1, 1),
            normalisation(norm, dims, width), nn.ReLU(), convolution(dims, width, width, 3, 1, 1),
        )  # fmt: skip
        self.short = nn.Identity() if inputs == width else convolution(dims, inputs, width, 1)

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return self.short(value) + self.body(value)


class GANCSGenerator(nn.Module):
    """Residual generator (Mardani et al. 2019): no pooling, `groups` of two residual blocks of `width` maps.

    Each group is closed by a transposed convolution of stride 1 with norm and ReLU; a 3x3 and two 1x1 convolutions end
    it. Batch norm.
    """

    key = "gancs-generator"

    def __init__(
        self,
        in_channels: int = 2,
        out_channels: int = 2,
        groups: int = 4,
        width: int = 128,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        parts: list[nn.Module] = []
        for group in range(groups):
            parts += [_Block(width if group else in_channels, width, norm, dims), _Block(width, width, norm, dims)]
            parts += [normalisation(norm, dims, width), nn.ReLU(), transposed(dims, width, width, 3, 1, 1)]
        parts += [convolution(dims, width, width, 3, 1, 1), nn.ReLU(), convolution(dims, width, width, 1), nn.ReLU()]
        self.body = nn.Sequential(*parts, convolution(dims, width, out_channels, 1))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        return self.body(image if condition is None else torch.cat([image, condition], 1))


class GANCSDiscriminator(Discriminator):
    """Discriminator (Mardani et al. 2019): seven convolutions and the mean over space, one score an image.

    Four 3x3 of stride 2 with widths doubling from `width`, a 3x3 and two 1x1, batch norm and ReLU.
    """

    key = "gancs-discriminator"

    def __init__(
        self,
        in_channels: int = 2,
        condition_channels: int = 0,
        width: int = 8,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * 2**k for k in range(4)]
        last = widths[-1]
        steps = [(a, b, 3, 2) for a, b in zip(widths[:-1], widths[1:], strict=True)]
        steps += [(last, last, 3, 1), (last, last, 1, 1)]
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(dims, a, b, kernel, stride, kernel // 2), normalisation(norm, dims, b), nn.ReLU())
            for a, b, kernel, stride in steps
        )
        pool = nn.AdaptiveAvgPool2d(1) if dims == 2 else nn.AdaptiveAvgPool3d(1)
        self.head = nn.Sequential(convolution(dims, last, 1, 1), pool, nn.Flatten())
