"""The coarse-to-fine generator of pix2pixHD."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d

from adversaria.networks.dims import convolution, final_layer, normalisation, reflection, transposed
from adversaria.networks.initialise import normal
from adversaria.networks.resnet import ResidualBlock


def _down(inputs: int, norm: str, dims: int) -> list[nn.Module]:
    return [convolution(dims, inputs, 2 * inputs, 3, 2, 1), normalisation(norm, dims, 2 * inputs), nn.ReLU()]


def _up(inputs: int, norm: str, dims: int) -> list[nn.Module]:
    return [transposed(dims, inputs, inputs // 2, 3, 2, 1, 1), normalisation(norm, dims, inputs // 2), nn.ReLU()]


def _first(inputs: int, outputs: int, norm: str, dims: int) -> list[nn.Module]:
    return [reflection(dims, 3), convolution(dims, inputs, outputs, 7), normalisation(norm, dims, outputs), nn.ReLU()]


class CoarseToFine(nn.Module):
    """Coarse-to-fine translator (Wang et al. 2018, section 3.2): a global network at half size inside an enhancer.

    The global network: 7x7 convolution, `halvings`, `blocks` residual blocks and back, `width` at full resolution. Its
    last features are added to those of the enhancer, which halves once, has `local_blocks` residual blocks, and
    goes back; the enhancer has `width` / 2. Sides must be divisible by 2 ** (halvings + 1). The two are trained
    together here; the authors first train the global network alone.
    """

    key = "pix2pixhd"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        halvings: int = 4,
        blocks: int = 9,
        local_blocks: int = 3,
        width: int = 64,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        self.pool: Any = avg_pool2d if dims == 2 else avg_pool3d
        inner = width * 2**halvings
        parts = _first(in_channels, width, norm, dims)
        for level in range(halvings):
            parts += _down(width * 2**level, norm, dims)
        parts += [ResidualBlock(inner, norm, dims) for _ in range(blocks)]
        for level in reversed(range(halvings)):
            parts += _up(width * 2 ** (level + 1), norm, dims)
        self.globally = nn.Sequential(*parts)
        self.enter = nn.Sequential(*_first(in_channels, width // 2, norm, dims), *_down(width // 2, norm, dims))
        local = [ResidualBlock(width, norm, dims) for _ in range(local_blocks)]
        last = [reflection(dims, 3), convolution(dims, width // 2, out_channels, 7), final_layer(final)]
        self.leave = nn.Sequential(*local, *_up(width, norm, dims), *last)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        return self.leave(self.enter(value) + self.globally(self.pool(value, 3, 2, 1, count_include_pad=False)))
