"""The encoder-decoder of context encoders."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.vocabulary import UserError

_SMALLEST = 4


class ChannelwiseDense(nn.Module):
    """Channel-wise fully connected layer (Pathak et al. 2016, section 3.1): each map is mixed within itself."""

    def __init__(self, width: int, places: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, places, places))
        self.bias = nn.Parameter(torch.zeros(width, places))
        nn.init.normal_(self.weight, 0.0, places**-0.5)

    def forward(self, value: Tensor) -> Tensor:
        """Mix (B, C, *S) over S."""
        mixed = torch.einsum("bcn,cmn->bcm", value.flatten(2), self.weight) + self.bias
        return mixed.view_as(value)


class ContextNetwork(nn.Module):
    """Encoder-decoder (Pathak et al. 2016, section 3.1): halvings to 4 pixels, channel-wise dense layer, back.

    4x4 convolutions, batch norm, LeakyReLU 0.2 down and ReLU up, widths doubling from `width` up to 8 times it; a
    1x1 convolution follows the dense layer to spread between channels. No skips: nothing may be copied. The whole
    image is given; the game looks at the hole. `size` is the side, 4 times a power of two.
    """

    key = "context-network"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        size: int = 128,
        width: int = 64,
        norm: str = "batch",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        levels = max(size // _SMALLEST, 1).bit_length() - 1
        if levels < 1 or _SMALLEST * 2**levels != size:
            raise UserError(
                f"a context encoder needs sides of 4 times a power of two, not {size}.", "Choose such a patch: 64, 128."
            )
        widths = [in_channels, *(width * min(2**k, 8) for k in range(levels))]
        parts: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            parts.append(convolution(dims, inputs, outputs, 4, 2, 1))
            parts += [normalisation(norm, dims, outputs)] if index else []
            parts.append(nn.LeakyReLU(0.2))
        inner = widths[-1]
        parts += [ChannelwiseDense(inner, _SMALLEST**dims), convolution(dims, inner, inner, 1), nn.ReLU()]
        for inputs, outputs in zip(widths[:0:-1], widths[-2:0:-1], strict=False):
            parts += [transposed(dims, inputs, outputs, 4, 2, 1), normalisation(norm, dims, outputs), nn.ReLU()]
        self.body = nn.Sequential(*parts, transposed(dims, widths[1], out_channels, 4, 2, 1), final_layer(final))
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give an image (B, C', *S) for one with a hole (B, C, *S)."""
        return self.body(image if condition is None else torch.cat([image, condition], 1))
