"""Low resolution as a scanner makes it: only the middle of k-space is measured."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from adversaria.physics.fourier import fourier, inverse_fourier
from adversaria.physics.operator import Operator


class KSpaceTruncation(Operator):
    """The image of the middle 1 / factor of k-space along each axis, on that many fewer voxels.

    x (B, C, *S) complex or real gives complex (B, C, *(S / factor)), scaled so that a constant image keeps its value.
    `factor` is one number or one for each axis; sides must be divisible. `inverse` fills k-space with zeros up to the
    side `size` of the original (interpolation by sinc). `measure` does both and gives the magnitude on the grid
    of the original, as scanners display it.
    """

    key = "k-space-truncation"

    def __init__(self, factor: int | tuple[int, ...] = 2):
        super().__init__()
        self.factor = factor

    def factors(self, tensor: Tensor) -> tuple[int, ...]:
        """Give one factor for each spatial axis."""
        axes = tensor.ndim - 2
        found = (self.factor,) * axes if isinstance(self.factor, int) else tuple(self.factor)
        if len(found) != axes:
            raise ValueError(f"{len(found)} factors do not fit {axes} axes")
        return found

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Keep the middle of k-space."""
        k, factors = fourier(x), self.factors(x)
        if any(side % factor for side, factor in zip(x.shape[2:], factors, strict=True)):
            raise ValueError(f"sides {tuple(x.shape[2:])} cannot be divided by {factors}")
        for axis, factor in enumerate(factors, 2):
            kept = x.shape[axis] // factor
            k = k.narrow(axis, x.shape[axis] // 2 - kept // 2, kept)
        return inverse_fourier(k) / self.scale(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """Fill with zeros, with the transpose's scale."""
        return self.filled(y) / self.scale(y)

    def inverse(self, y: Tensor) -> Tensor:
        """Fill with zeros so that a constant keeps its value."""
        return self.filled(y) * self.scale(y)

    def filled(self, y: Tensor) -> Tensor:
        """Put k-space into the middle of a larger one."""
        k, border = fourier(y), []
        for axis, factor in reversed(list(enumerate(self.factors(y), 2))):
            kept, side = y.shape[axis], y.shape[axis] * factor
            before = side // 2 - kept // 2
            border += [before, side - kept - before]
        return inverse_fourier(pad(k, border))

    def scale(self, tensor: Tensor) -> float:
        """Give the square root of how many times fewer voxels there are."""
        return float(torch.tensor(self.factors(tensor), dtype=torch.float64).prod().sqrt())

    def measure(self, x: Tensor, spacing: Any, random: Any) -> Tensor:
        """Give the magnitude on the original grid; nothing is drawn."""
        return self.inverse(self.A(x)).abs()
