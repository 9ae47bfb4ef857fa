"""The refiner of SimGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer


class _Block(nn.Module):
    def __init__(self, width: int, dims: int):
        super().__init__()
        self.body = nn.Sequential(
            convolution(dims, width, width, 3, 1, 1), nn.ReLU(), convolution(dims, width, width, 3, 1, 1)
        )

    def forward(self, value: Tensor) -> Tensor:
        return torch.relu(value + self.body(value))


class Refiner(nn.Module):
    """Refiner (Shrivastava et al. 2017, section 3.1): a 3x3 convolution, `blocks` residual blocks, 1x1 output.

    Without strides, pooling or normalisation: pixels are changed, the structure is not.
    """

    key = "refiner"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        blocks: int = 4,
        width: int = 64,
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        parts = [
            convolution(dims, in_channels, width, 3, 1, 1),
            nn.ReLU(),
            *[_Block(width, dims) for _ in range(blocks)],
        ]
        self.body = nn.Sequential(*parts, convolution(dims, width, out_channels, 1), final_layer(final))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Refine (B, C, *S)."""
        return self.body(image if condition is None else torch.cat([image, condition], 1))
