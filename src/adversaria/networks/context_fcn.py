"""The fully convolutional translator of volumes."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, reflection
from adversaria.networks.initialise import normal


class ContextFCN(nn.Module):
    """Translator without pooling (Nie et al. 2017, figure 1): nine convolutions, the first and fifth 9 wide.

    Widths 32, 32, 32, 32, 64, 64, 64, 32 (times `width` / 32) and the output's, batch norm and ReLU between. The paper
    pads neither wide convolution, so that 32 voxels a side give 16; here the border is reflected instead and the size
    is kept. With `residual` the input's first `out_channels` channels are added before `final` (Nie et al. 2018).
    """

    key = "context-fcn"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        width: int = 32,
        norm: str = "batch",
        residual: bool = False,
        final: str = "identity",
        dims: int = 3,
    ):
        super().__init__()
        self.residual, self.out_channels = residual, out_channels
        widths = [in_channels, *[width] * 4, *[2 * width] * 3, width]
        parts: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            side = 9 if index in (0, 4) else 3
            parts += [reflection(dims, side // 2), convolution(dims, inputs, outputs, side, bias=norm != "batch")]
            parts += [normalisation(norm, dims, outputs), nn.ReLU()]
        self.body = nn.Sequential(*parts, reflection(dims, 1), convolution(dims, width, out_channels, 3))
        self.final = final_layer(final)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value = self.body(image if condition is None else torch.cat([image, condition], 1))
        return self.final(value + image[:, : self.out_channels] if self.residual else value)
