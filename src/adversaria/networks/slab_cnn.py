"""The networks of SMGAN-3D."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from adversaria.networks.dims import convolution
from adversaria.networks.scoring import Discriminator
from adversaria.networks.slices import slabs
from adversaria.networks.wgan_vgg_critic import WGANVGGCritic


class SlabCNN(nn.Module):
    """Translator of slabs (You et al. 2018, SMGAN-3D): `layers` 3x3x3 convolutions, every other one 3x3x1.

    `width` filters but in the last, a ReLU after each. The paper pads nothing and loses `layers` pixels at each side
    and half as many slices; here the input is reflected by as many, so that the size is kept: a volume needs more
    slices than layers / 2. In 2D all are 3x3. Weights start as He et al. 2015 propose; the last are positive, so
    that the ReLU behind them is alive. With `residual` the input is added before the last ReLU.
    """

    key = "slab-cnn"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        layers: int = 8,
        width: int = 32,
        residual: bool = False,
        dims: int = 2,
    ):
        super().__init__()
        self.residual, self.dims = residual, dims
        self.border = [layers] * 4 if dims == 2 else [layers // 2] * 2 + [layers] * 4
        widths = [in_channels, *[width] * (layers - 1), out_channels]
        made = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            kernel: int | tuple[int, ...] = (3, 3, 1) if dims == 3 and index % 2 == 0 else 3
            layer = cast(nn.Conv3d, convolution(dims, inputs, outputs, kernel, bias=False))
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            made.append(layer)
        if not residual:
            with torch.no_grad():
                made[-1].weight.abs_().div_(width**0.5)
        self.layers = nn.ModuleList(made)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        joined = image if condition is None else torch.cat([image, condition], 1)
        value = pad(joined, self.border, "reflect")
        for layer in self.layers[:-1]:
            value = layer(value).relu()
        value = self.layers[-1](value)
        return (value + image if self.residual else value).relu()


class SlabCritic(Discriminator):
    """Flat critic of slabs (You et al. 2018): WGAN-VGG's, which sees `slices` neighbouring slices as channels.

    A volume (B, C, H, W, D) is judged by all its slabs and gives (B, D - slices + 1); an image by itself.
    """

    key = "slab-critic"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 64,
        shape: tuple[int, ...] | None = None,
        slices: int = 3,
        width: int = 64,
        hidden: int = 1024,
        dims: int = 2,
    ):
        super().__init__()
        self.slices = slices if dims == 3 else 1
        channels = (in_channels + condition_channels) * self.slices
        flat = WGANVGGCritic(channels, 0, size, shape[:2] if shape else None, width, hidden)
        self.blocks, self.head = flat.blocks, flat.head

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations after each block, a slab a row."""
        joined = image if condition is None else torch.cat([image, condition], 1)
        return super().features(slabs(joined, self.slices) if joined.ndim == 5 else joined)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give a raw score of each slab, (B, slabs)."""
        return self.head(self.features(image, condition)[-1]).view(len(image), -1)
