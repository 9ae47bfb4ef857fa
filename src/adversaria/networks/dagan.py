"""The networks of DAGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation, transposed
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator
from adversaria.vocabulary import UserError


class DAGANGenerator(nn.Module):
    """De-aliasing U-Net (Yang et al. 2018, figure 2) that refines its input: clip(x + tanh(U(x))).

    `depth` 4x4 convolutions of stride 2, widths doubling from `width` up to 8 times it, LeakyReLU 0.2 and batch norm;
    transposed convolutions back, joined with the way down. The result is clipped to `low` and 1, as the paper does
    with images of -1 to 1. Sides must be divisible by 2**depth.
    """

    key = "dagan-generator"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        depth: int = 8,
        width: int = 64,
        norm: str = "batch",
        low: float = -1.0,
        dims: int = 2,
    ):
        super().__init__()
        self.depth, self.low = depth, low
        widths = [width * min(2**k, 8) for k in range(depth)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(
            nn.Sequential(convolution(dims, a, b, 4, 2, 1), *([normalisation(norm, dims, b)] if k else []), LeakyReLU())
            for k, (a, b) in enumerate(zip(inputs, widths, strict=True))
        )
        up = []
        for level in reversed(range(1, depth)):
            a = widths[level] * (1 if level == depth - 1 else 2)
            b = widths[level - 1]
            up.append(nn.Sequential(transposed(dims, a, b, 4, 2, 1), normalisation(norm, dims, b), nn.ReLU()))
        self.up = nn.ModuleList(up)
        inner = widths[0] * (1 if depth == 1 else 2)
        self.last = nn.Sequential(
            transposed(dims, inner, width, 4, 2, 1), normalisation(norm, dims, width), nn.ReLU(),
            convolution(dims, width, out_channels, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Refine (B, C, *S)."""
        value, skips = image if condition is None else torch.cat([image, condition], 1), []
        if any(side % 2**self.depth for side in value.shape[2:]):
            raise UserError(
                f"a U-Net of depth {self.depth} needs sides divisible by {2**self.depth}.", "Lower its depth."
            )
        for block in self.down:
            value = block(value)
            skips.append(value)
        for block, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            value = torch.cat([block(value), skip], 1)
        return (image + self.last(value)).clamp(self.low, 1.0)


class DAGANDiscriminator(Discriminator):
    """Discriminator (Yang et al. 2018, figure 2): six 4x4 convolutions of stride 2, two 1x1, a residual block, dense 1.

    Widths double from `width` to 32 times it, then 16 and 8 times; the block goes through 2, 2 and 8 times. LeakyReLU
    0.2, batch norm but in the first layer. The last map is averaged, so that any size will do.
    """

    key = "dagan-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * 2**k for k in range(6)]
        steps = [(a, b, 4, 2) for a, b in zip(widths[:-1], widths[1:], strict=True)]
        steps += [(widths[-1], width * 16, 1, 1), (width * 16, width * 8, 1, 1)]
        blocks: list[nn.Module] = []
        for k, (a, b, kernel, stride) in enumerate(steps):
            normed = [normalisation(norm, dims, b)] if k else []
            blocks.append(
                nn.Sequential(convolution(dims, a, b, kernel, stride, kernel // 2 - kernel // 4), *normed, LeakyReLU())
            )
        self.blocks = nn.ModuleList([*blocks, _Residual(width * 8, width * 2, norm, dims)])
        pool = nn.AdaptiveAvgPool2d(1) if dims == 2 else nn.AdaptiveAvgPool3d(1)
        self.head = nn.Sequential(pool, nn.Flatten(), nn.Linear(width * 8, 1))


class _Residual(nn.Module):
    def __init__(self, width: int, inner: int, norm: str, dims: int):
        super().__init__()
        self.body = nn.Sequential(
            convolution(dims, width, inner, 1), normalisation(norm, dims, inner), LeakyReLU(),
            convolution(dims, inner, inner, 3, 1, 1), normalisation(norm, dims, inner), LeakyReLU(),
            convolution(dims, inner, width, 3, 1, 1), normalisation(norm, dims, width),
        )  # fmt: skip
        self.rise = LeakyReLU()

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return self.rise(value + self.body(value))
