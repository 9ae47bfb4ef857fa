"""The global convolutional network: large kernels made of two long thin ones."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.segmentation_unet import enlarged


def _axis(dims: int, inputs: int, outputs: int, kernel: int, axis: int) -> nn.Module:
    """A convolution that is long along one axis and thin along the others."""
    sides: Any = tuple(kernel if a == axis else 1 for a in range(dims))
    halves: Any = tuple(side // 2 for side in sides)
    return (nn.Conv2d if dims == 2 else nn.Conv3d)(inputs, outputs, sides, padding=halves)


class _Large(nn.Module):
    """A kernel x kernel field as the sum over all orders of thin convolutions (k x 1 + 1 x k and 1 x k + k x 1)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dims: int):
        super().__init__()
        orders = [[(first + k) % dims for k in range(dims)] for first in range(dims)]
        self.branches = nn.ModuleList(
            nn.Sequential(
                *(_axis(dims, inputs if n == 0 else outputs, outputs, kernel, a) for n, a in enumerate(order))
            )
            for order in orders
        )

    def forward(self, value: Tensor) -> Tensor:
        """Add the branches."""
        return torch.stack([branch(value) for branch in self.branches]).sum(0)


class _Refined(nn.Module):
    """Boundary refinement: a residual of two 3x3 convolutions."""

    def __init__(self, width: int, dims: int):
        super().__init__()
        self.body = nn.Sequential(
            convolution(dims, width, width, 3, 1, 1), nn.ReLU(), convolution(dims, width, width, 3, 1, 1)
        )

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return value + self.body(value)


class _Block(nn.Module):
    """A residual block of two 3x3 convolutions, the first with a stride of 2."""

    def __init__(self, inputs: int, outputs: int, norm: str, dims: int):
        super().__init__()
        self.body = nn.Sequential(
            convolution(dims, inputs, outputs, 3, 2, 1, norm != "batch"), normalisation(norm, dims, outputs), nn.ReLU(),
            convolution(dims, outputs, outputs, 3, 1, 1, norm != "batch"), normalisation(norm, dims, outputs),
        )  # fmt: skip
        self.short = convolution(dims, inputs, outputs, 1, 2)

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return torch.relu(self.body(value) + self.short(value))


class GlobalConvNet(nn.Module):
    """Global convolutional network (Peng et al. 2017, figure 2; Huo et al. 2018, SSNet): a residual encoder, and up.

    At each of `depth` levels a `kernel`-sized separable field gives maps of the classes, refined at their boundary
    and added to those from below. The size is kept whatever it is. Gives logits.
    """

    key = "global-conv-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        depth: int = 4,
        width: int = 64,
        kernel: int = 7,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        widths = [width * 2**k for k in range(depth)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(_Block(a, b, norm, dims) for a, b in zip(inputs, widths, strict=True))
        self.large = nn.ModuleList(_Large(w, out_channels, kernel, dims) for w in widths)
        self.refined = nn.ModuleList(_Refined(out_channels, dims) for _ in range(2 * depth))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        levels = []
        for block in self.down:
            value = block(value)
            levels.append(value)
        fine = [*levels[:-1]][::-1] + [image]
        maps: Tensor | None = None
        for n, (level, large) in enumerate(zip(reversed(levels), reversed(list(self.large)), strict=True)):
            found = self.refined[2 * n](large(level))
            maps = self.refined[2 * n + 1](enlarged(found if maps is None else found + maps, fine[n]))
        assert maps is not None
        return maps
