"""A small discriminator of strided convolutions for patches and sub-volumes of any size."""

from torch import nn

from adversaria.networks.dims import convolution
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


class StridedDiscriminator(Discriminator):
    """Strided convolutions to one score (as in Wolterink et al. 2017b): 3x3, widths doubling, LeakyReLU 0.2.

    The last map is averaged, so any size will do.
    """

    key = "strided-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        layers: int = 4,
        width: int = 32,
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * min(2**k, 8) for k in range(layers)]
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(dims, inputs, outputs, 3, 2, 1), LeakyReLU())
            for inputs, outputs in zip(widths[:-1], widths[1:], strict=True)
        )
        pool = nn.AdaptiveAvgPool2d(1) if dims == 2 else nn.AdaptiveAvgPool3d(1)
        self.head = nn.Sequential(pool, nn.Flatten(), nn.Linear(widths[-1], 1))
