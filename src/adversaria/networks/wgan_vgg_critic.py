"""The critic of WGAN-VGG, and the strided discriminator of volumes."""

import torch
from torch import nn

from adversaria.networks.dims import convolution
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


class WGANVGGCritic(Discriminator):
    """Critic (Yang et al. 2018, section II-C): six 3x3 convolutions, then dense 1024 and dense 1, no norm.

    Widths 1, 1, 2, 2, 4, 4 times `width`, strides 1 and 2 in turn, LeakyReLU 0.2. `shape` is that of the patch, for
    the dense layers, else `size` a side.
    """

    key = "wgan-vgg-critic"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 64,
        shape: tuple[int, ...] | None = None,
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
        cells = torch.Size(-(-side // 8) for side in shape or (size,) * dims).numel()
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(widths[-1] * cells, hidden), LeakyReLU(), nn.Linear(hidden, 1)
        )
