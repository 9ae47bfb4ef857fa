"""A segmenter of dilated convolutions that never loses resolution."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation


class DilatedNet(nn.Module):
    """Dilated network (Yu and Koltun 2016, table 1; Moeskops et al. 2017): 3x3 convolutions, dilations 1 1 2 4 8 16 1.

    The field is 67 pixels with these `dilations`. Every layer keeps the size; ReLU, normalisation, then 1x1 layers of
    `hidden` channels and of the classes. Gives logits.
    """

    key = "dilated-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        dilations: tuple[int, ...] = (1, 1, 2, 4, 8, 16, 1),
        width: int = 32,
        hidden: int = 192,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        kind = nn.Conv2d if dims == 2 else nn.Conv3d
        parts: list[nn.Module] = []
        for number, dilation in enumerate(dilations):
            inputs = width if number else in_channels
            parts += [kind(inputs, width, 3, padding=dilation, dilation=dilation)]
            parts += [normalisation(norm, dims, width), nn.ReLU()]
        parts += [convolution(dims, width, hidden, 1), normalisation(norm, dims, hidden), nn.ReLU()]
        self.body = nn.Sequential(*parts, convolution(dims, hidden, out_channels, 1))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        return self.body(image if condition is None else torch.cat([image, condition], 1))
