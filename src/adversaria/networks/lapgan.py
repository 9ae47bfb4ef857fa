"""The networks of LAPGAN: one for each level of the pyramid."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.initialise import normal
from adversaria.vocabulary import UserError


def _smallest(size: int, levels: int) -> int:
    if size % 2**levels:
        raise UserError(
            f"a pyramid of {levels} levels needs sides divisible by {2**levels}, not {size}.", "Choose fewer levels."
        )
    return size // 2**levels


class LaplacianGenerators(nn.Module):
    """Generators of a pyramid (Denton et al. 2015, section 3.2): dense at the coarsest, convolutional above.

    The coarsest image comes from `latent` numbers by two hidden dense layers of `hidden`; each residual from a noise
    plane and the coarser image by three convolutions of `width` (7x7, 7x7, 5x5, ReLU). No output activation but tanh
    at the coarsest, whose image lies in [-1, 1].
    """

    key = "laplacian-generators"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 32,
        levels: int = 2,
        latent: int = 100,
        hidden: int = 600,
        width: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape, self.levels = (latent,), levels
        side = _smallest(size, levels)
        self.shape = (out_channels, *(side,) * dims)
        layers = [nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()]
        self.coarse = nn.Sequential(*layers, nn.Linear(hidden, out_channels * side**dims), nn.Tanh())
        self.residuals = nn.ModuleList(self._level(out_channels, width, dims) for _ in range(levels))

    @staticmethod
    def _level(channels: int, width: int, dims: int) -> nn.Module:
        first = convolution(dims, channels + 1, width, 7, 1, 3)
        middle, last = convolution(dims, width, width, 7, 1, 3), convolution(dims, width, channels, 5, 1, 2)
        level = nn.Sequential(first, nn.ReLU(), middle, nn.ReLU(), last)
        normal(level)
        return level

    def coarsest(self, latent: Tensor) -> Tensor:
        """Make the coarsest image (B, C, *S / 2**levels)."""
        return self.coarse(latent).view(-1, *self.shape)

    def residual(self, level: int, plane: Tensor, low: Tensor) -> Tensor:
        """Make the residual of a level from noise (B, 1, *S) and the coarser image at its size."""
        return self.residuals[level](torch.cat([low, plane], 1))


class LaplacianDiscriminators(nn.Module):
    """Discriminators of a pyramid (Denton et al. 2015, section 3.2): dense at the coarsest, convolutional above.

    Each level sees the image, and the coarser image beside it, through two strided 5x5 convolutions of `width`.
    """

    key = "laplacian-discriminators"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 32,
        levels: int = 2,
        hidden: int = 600,
        width: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        entries = in_channels * _smallest(size, levels) ** dims
        layers = [nn.Flatten(), nn.Linear(entries, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)]
        self.coarse = nn.Sequential(*layers)
        self.fine = nn.ModuleList(self._level(2 * in_channels, size // 2**k, width, dims) for k in range(levels))

    @staticmethod
    def _level(channels: int, size: int, width: int, dims: int) -> nn.Module:
        first, second = convolution(dims, channels, width, 5, 2, 2), convolution(dims, width, width, 5, 2, 2)
        side = -(-size // 4)
        level = nn.Sequential(
            first, nn.LeakyReLU(0.2), second, nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(width * side**dims, 1)
        )
        normal(level)
        return level

    def judge(self, level: int, image: Tensor, low: Tensor | None) -> Tensor:
        """Score an image of a level (B, 1); the coarsest has no coarser image beside it."""
        if low is None:
            return self.coarse(image)
        return self.fine[level](torch.cat([image, low], 1))
