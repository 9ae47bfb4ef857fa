"""The translator of SAGAN: a U-Net with residual parts."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.unet import UNet


class _Residual(nn.Module):
    def __init__(self, width: int, norm: str, dims: int):
        super().__init__()
        bias = norm != "batch"
        self.body = nn.Sequential(
            LeakyReLU(),
            convolution(dims, width, width, 3, 1, 1, bias),
            normalisation(norm, dims, width),
            LeakyReLU(),
            convolution(dims, width, width, 3, 1, 1, bias),
            normalisation(norm, dims, width),
        )

    def forward(self, value: Tensor) -> Tensor:
        return value + self.body(value)


class SAGANUNet(UNet):
    """U-Net with residual parts (Yi and Babyn 2018): that of pix2pix, a residual block after each inner halving.

    The input is added to the output, so that the network makes the difference. Which parts of the paper's network
    are residual could not be confirmed; the innermost level, of one pixel at 256, has none. Source and target have
    equal channels.
    """

    key = "sagan-unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        depth: int = 8,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.0,
        dims: int = 2,
    ):
        super().__init__(in_channels, out_channels, depth, width, norm, dropout, "identity", dims)
        for level in range(1, depth - 1):
            self.down[level].append(_Residual(width * min(2**level, 8), norm, dims))  # type: ignore[operator]

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C, *S)."""
        return torch.add(image, super().forward(image, condition))
