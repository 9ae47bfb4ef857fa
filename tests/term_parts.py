"""Images, lines and networks that the tests of terms share."""

import pytest
import torch
from torch import Tensor, nn

from adversaria import physics

SIDE = 14
DIMS = pytest.mark.parametrize("dims", [2, 3])


def image(dims: int = 2, seed: int = 0, channels: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    noise = torch.Generator().manual_seed(seed)
    return torch.rand(2, channels, *[SIDE] * dims, generator=noise, dtype=dtype)


def line(values: list[float], dims: int = 2) -> Tensor:
    """One row of values, repeated along every other axis: it varies along the last axis alone."""
    return torch.tensor(values, dtype=torch.float64).expand(1, 1, *[3] * (dims - 1), len(values)).clone()


class Layer(nn.Module):
    """A network of one layer, in the dimensions and precision of its image."""

    def __init__(self, dims: int = 2, out: int = 1, dtype: torch.dtype = torch.float64):
        super().__init__()
        torch.manual_seed(0)
        self.layer = (nn.Conv2d if dims == 2 else nn.Conv3d)(1, out, 3, padding=1, dtype=dtype)
        self.drop = nn.Dropout(0.5)

    def forward(self, given: Tensor) -> Tensor:
        return self.drop(self.layer(given))


class Classes(Layer):
    def forward(self, given: Tensor) -> Tensor:
        return super().forward(given).flatten(2).mean(2)


class Same(physics.Operator):
    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        return x
