"""A coarser image on the grid of the finer one."""

from typing import Any

from torch import Tensor

from adversaria.physics.downsample import Downsample


class Coarsened(Downsample):
    """Mean over blocks of `factor` voxels, repeated on the original grid: x (B, C, *S) keeps its shape.

    An orthogonal projection: A A = A = A*. For works whose network takes the enlarged small image (You et al. 2020).
    """

    key = "coarsened"
    smaller = False

    def __init__(self, factor: int = 2):
        super().__init__(factor)

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Average blocks and repeat the means."""
        return Downsample.inverse(self, Downsample.A(self, x))

    def adjoint(self, y: Tensor) -> Tensor:
        """The same: it is symmetric."""
        return self.A(y)

    def inverse(self, y: Tensor) -> Tensor:
        """Leave the image as it is."""
        return y

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Coarsen an image; nothing is drawn."""
        return self.A(x)
