"""The parts of UNIT: two ends for each domain, and the layers between them that the domains share."""

from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, reflection, transposed
from adversaria.networks.initialise import normal
from adversaria.networks.resnet import ResidualBlock


class UNITEncoder(nn.Module):
    """A domain's own encoder (Liu et al. 2017, appendix): 7x7, two halvings, `blocks` residual blocks.

    Gives (B, 4 width, S/4). The tied block that follows is a `SharedBlocks`.
    """

    key = "unit-encoder"

    def __init__(self, in_channels: int = 1, width: int = 64, blocks: int = 3, norm: str = "instance", dims: int = 2):
        super().__init__()
        parts = [reflection(dims, 3), convolution(dims, in_channels, width, 7), nn.LeakyReLU(0.01)]
        for inputs in (width, 2 * width):
            parts += [convolution(dims, inputs, 2 * inputs, 3, 2, 1), nn.LeakyReLU(0.01)]
        parts += [ResidualBlock(4 * width, norm, dims) for _ in range(blocks)]
        self.body = nn.Sequential(*parts)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Encode (B, C, *S)."""
        return self.body(image)


class SharedBlocks(nn.Module):
    """Residual blocks that two domains share: the last of the encoders, or the first of the decoders.

    `width` is that of the ends; the blocks have 4 times it.
    """

    key = "shared-blocks"

    def __init__(self, width: int = 64, blocks: int = 1, norm: str = "instance", dims: int = 2):
        super().__init__()
        self.body = nn.Sequential(*[ResidualBlock(4 * width, norm, dims) for _ in range(blocks)])
        normal(self)

    def forward(self, value: Tensor) -> Tensor:
        """Keep the shape."""
        return self.body(value)


class UNITDecoder(nn.Module):
    """A domain's own decoder (Liu et al. 2017, appendix): `blocks` residual blocks, two doublings, 7x7."""

    key = "unit-decoder"

    def __init__(
        self,
        out_channels: int = 1,
        width: int = 64,
        blocks: int = 3,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        parts: list[nn.Module] = [ResidualBlock(4 * width, norm, dims) for _ in range(blocks)]
        for inputs in (4 * width, 2 * width):
            parts += [transposed(dims, inputs, inputs // 2, 3, 2, 1, 1), nn.LeakyReLU(0.01)]
        parts += [reflection(dims, 3), convolution(dims, width, out_channels, 7), final_layer(final)]
        self.body = nn.Sequential(*parts)
        normal(self)

    def forward(self, code: Tensor, condition: Tensor | None = None) -> Tensor:
        """Decode to (B, C, *S)."""
        return self.body(code)
