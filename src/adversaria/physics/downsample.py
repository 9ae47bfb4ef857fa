"""Sampling an image more coarsely."""

from typing import Any

from torch import Tensor
from torch.nn.functional import avg_pool2d, avg_pool3d, interpolate

from adversaria.physics.operator import Operator


class Downsample(Operator):
    """Mean over blocks of `factor` voxels along every axis: what larger voxels measure of the same object.

    x (B, C, *S) gives (B, C, *(S / factor)); sides must be divisible by `factor`. `adjoint` spreads each value evenly
    over its block, `inverse` repeats it there.
    """

    key = "downsample"
    many_channels = smaller = True

    def __init__(self, factor: int = 4):
        super().__init__()
        self.factor = factor

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Average blocks."""
        if any(side % self.factor for side in x.shape[2:]):
            raise ValueError(f"sides {tuple(x.shape[2:])} cannot be divided by {self.factor}")
        return (avg_pool2d if x.ndim == 4 else avg_pool3d)(x, self.factor)

    def adjoint(self, y: Tensor) -> Tensor:
        """Spread each value over its block."""
        return self.inverse(y) / self.factor ** (y.ndim - 2)

    def inverse(self, y: Tensor) -> Tensor:
        """Repeat each value in its block."""
        return interpolate(y, scale_factor=self.factor, mode="nearest")

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Sample an image more coarsely; nothing is drawn."""
        return self.A(x)
