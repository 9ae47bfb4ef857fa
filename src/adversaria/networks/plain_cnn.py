"""A plain stack of convolutions."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, reflection


class PlainCNN(nn.Module):
    """Plain translator (Yang et al. 2018, section II-C): `layers` 3x3 convolutions of `width`, no bias.

    A ReLU follows every layer but the last, which is followed by `final` (the paper: a ReLU). The paper
    pads nothing and loses `layers` pixels at each border; here the input is reflected once by as many,
    so that the size is kept. Weights start as He et al. 2015 propose (the paper says nothing). With `residual`
    the input is added before `final`.
    """

    key = "plain-cnn"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        layers: int = 8,
        width: int = 32,
        final: str = "relu",
        residual: bool = False,
        dims: int = 2,
    ):
        super().__init__()
        widths = [in_channels, *[width] * (layers - 1), out_channels]
        self.residual = residual
        self.border = reflection(dims, layers)
        body = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            body += [convolution(dims, inputs, outputs, 3, bias=False), nn.ReLU()]
        self.body = nn.Sequential(*body[:-1])
        self.final = final_layer(final)
        convolutions: list[Any] = list(self.body)[::2]
        for layer in convolutions:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if final == "relu" and not residual:
            # with signs mixed, the ReLU after the last layer starts dead for half of all seeds
            with torch.no_grad():
                convolutions[-1].weight.abs_().div_(width**0.5)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value = self.body(self.border(image if condition is None else torch.cat([image, condition], 1)))
        return self.final(value + image if self.residual else value)
