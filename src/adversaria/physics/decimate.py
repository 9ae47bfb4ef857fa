"""Low resolution as super-resolution works make it: blurred, and every n-th voxel kept."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from adversaria.physics.operator import Operator


class Decimate(Operator):
    """Every `factor`-th voxel of an image blurred by a Gaussian of `sigma` voxels (Sanchez and Vilaplana 2018).

    x (B, C, *S) gives (B, C, *(S / factor)), the first voxel kept; sides must be divisible. The Gaussian is cut at 4
    sigma, and outside the image there is nothing: at the borders it is divided by the weights inside.
    """

    key = "decimate"
    smaller = True

    def __init__(self, factor: int = 4, sigma: float = 1.0):
        super().__init__()
        self.factor, self.sigma = factor, sigma

    def kernel(self, like: Tensor) -> Tensor:
        """Give the weights along one axis."""
        reach = round(4 * self.sigma)
        weights = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float64) ** 2) / (2 * self.sigma**2))
        return (weights / weights.sum()).to(like)

    def smooth(self, x: Tensor) -> Tensor:
        """Blur along every axis, nothing outside."""
        weights = self.kernel(x)
        reach = len(weights) // 2
        for axis in range(2, x.ndim):
            border = [0, 0] * (x.ndim - 1 - axis) + [reach, reach]
            wide = pad(x, border)
            parts = [w * wide.narrow(axis, k, x.shape[axis]) for k, w in enumerate(weights)]
            x = torch.stack(parts).sum(0)
        return x

    def reach(self, like: Tensor) -> Tensor:
        """Give the weights inside the image."""
        return self.smooth(torch.ones_like(like[:1, :1]))

    def places(self, x: Tensor) -> tuple[slice, ...]:
        """Index the voxels that are kept."""
        return (slice(None), slice(None), *[slice(None, None, self.factor)] * (x.ndim - 2))

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Blur and keep every `factor`-th voxel."""
        if any(side % self.factor for side in x.shape[2:]):
            raise ValueError(f"sides {tuple(x.shape[2:])} cannot be divided by {self.factor}")
        return (self.smooth(x) / self.reach(x))[self.places(x)]

    def adjoint(self, y: Tensor) -> Tensor:
        """Put voxels back to their places and blur."""
        wide = y.new_zeros(*y.shape[:2], *(side * self.factor for side in y.shape[2:]))
        wide[self.places(y)] = y
        return self.smooth(wide / self.reach(wide))

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Sample an image more coarsely; nothing is drawn."""
        return self.A(x)
