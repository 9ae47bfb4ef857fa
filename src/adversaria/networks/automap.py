"""From k-space to the image by dense layers."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, transposed


class Automap(nn.Module):
    """Automap (Zhu et al. 2018, figure 1): two dense layers from the measurement to the image, then convolutions.

    Dense layers of as many numbers as the image has, each followed by tanh; two 5x5 convolutions of `width`, ReLU, and
    a transposed 7x7 convolution to the image. The number of weights grows with the square of the number of pixels:
    `shape` is the image's, else `size` a side.
    """

    key = "automap"

    def __init__(
        self,
        in_channels: int = 2,
        out_channels: int = 1,
        size: int = 64,
        shape: tuple[int, ...] | None = None,
        width: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        self.shape = tuple(shape) if shape else (size,) * dims
        pixels = torch.Size(self.shape).numel()
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(in_channels * pixels, pixels), nn.Tanh(), nn.Linear(pixels, pixels), nn.Tanh()
        )
        self.refine = nn.Sequential(
            convolution(dims, 1, width, 5, 1, 2), nn.ReLU(),
            convolution(dims, width, width, 5, 1, 2), nn.ReLU(),
            transposed(dims, width, out_channels, 7, 1, 3),
        )  # fmt: skip

    def forward(self, measurement: Tensor, condition: Tensor | None = None) -> Tensor:
        """Bring a measurement (B, C, *S) to an image (B, C', *S)."""
        return self.refine(self.dense(measurement).view(len(measurement), 1, *self.shape))
