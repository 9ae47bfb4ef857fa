"""The critic of WGAN-VGG, and the strided discriminator of volumes."""

from torch import nn

from adversaria.networks.dims import convolution
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


class WGANVGGCritic(Discriminator):
    """Critic (Yang et al. 2018, section II-C): six 3x3 convolutions, then dense 1024 and dense 1, no norm.

    Widths 1, 1, 2, 2, 4, 4 times `width`, strides 1 and 2 in turn, LeakyReLU 0.2. `size` is the side of
    the patch, for the dense layers.
    """

    key = "wgan-vgg-critic"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 64,
        width: int = 64,
        hidden: int = 1024,
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * k for k in (1, 1, 2, 2, 4, 4)]
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(dims, inputs, outputs, 3, 1 + index % 2, 1), LeakyReLU())
            for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        side = -(-size // 8)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(widths[-1] * side**dims, hidden), LeakyReLU(), nn.Linear(hidden, 1)
        )
