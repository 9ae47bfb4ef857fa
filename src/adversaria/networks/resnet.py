"""The residual translator of CycleGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, reflection, transposed
from adversaria.networks.initialise import normal


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with reflection padding, added to their input."""

    def __init__(self, width: int, norm: str, dims: int):
        super().__init__()
        self.body = nn.Sequential(
            reflection(dims, 1),
            convolution(dims, width, width, 3, bias=norm != "batch"),
            normalisation(norm, dims, width),
            nn.ReLU(),
            reflection(dims, 1),
            convolution(dims, width, width, 3, bias=norm != "batch"),
            normalisation(norm, dims, width),
        )

    def forward(self, value: Tensor) -> Tensor:
        """Add."""
        return value + self.body(value)


class ResNetGenerator(nn.Module):
    """Residual translator (Johnson et al. 2016; Zhu et al. 2017, section 7.2): two halvings, `blocks`, back.

    7x7 convolutions at both ends, instance normalisation, reflection padding. Sides must be divisible
    by 4. The original takes 9 blocks at 256 pixels and 6 at 128.
    """

    key = "resnet-generator"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        blocks: int = 9,
        width: int = 64,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        bias = norm != "batch"
        parts = [reflection(dims, 3), convolution(dims, in_channels, width, 7, bias=bias)]
        parts += [normalisation(norm, dims, width), nn.ReLU()]
        for inputs in (width, 2 * width):
            parts += [
                convolution(dims, inputs, 2 * inputs, 3, 2, 1, bias),
                normalisation(norm, dims, 2 * inputs),
            ]
            parts.append(nn.ReLU())
        parts += [ResidualBlock(4 * width, norm, dims) for _ in range(blocks)]
        for inputs in (4 * width, 2 * width):
            parts.append(transposed(dims, inputs, inputs // 2, 3, 2, 1, 1, bias))
            parts += [normalisation(norm, dims, inputs // 2), nn.ReLU()]
        parts += [reflection(dims, 3), convolution(dims, width, out_channels, 7), final_layer(final)]
        self.body = nn.Sequential(*parts)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        return self.body(image if condition is None else torch.cat([image, condition], 1))
