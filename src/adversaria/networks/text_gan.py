"""Generators that draw for a sentence."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria.networks.dims import convolution, levels_of, normalisation
from adversaria.networks.initialise import normal
from adversaria.networks.resnet import ResidualBlock
from adversaria.networks.text import planes


class Rise(nn.Module):
    """Nearest-neighbour doubling, a 3x3 convolution, normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, norm: str, dims: int):
        super().__init__()
        layer = convolution(dims, inputs, outputs, 3, 1, 1)
        self.body = nn.Sequential(layer, normalisation(norm, dims, outputs), nn.ReLU())

    def forward(self, value: Tensor) -> Tensor:
        """Double the size."""
        return self.body(interpolate(value, scale_factor=2, mode="nearest"))


class StageOne(nn.Module):
    """First stage of StackGAN (Zhang et al. 2017, section 3.3): noise and a code to an image of size / `factor`."""

    key = "stage-one"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 256,
        factor: int = 4,
        latent: int = 100,
        code: int = 32,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        levels = levels_of(size // factor, 4, "StackGAN")
        widths = [width * 2**k for k in reversed(range(levels + 1))]
        self.shape = (widths[0], *(4,) * dims)
        self.dense = nn.Linear(latent + code, widths[0] * 4**dims)
        pairs = zip(widths[:-1], widths[1:], strict=True)
        rises = [Rise(inputs, outputs, norm, dims) for inputs, outputs in pairs]
        self.body = nn.Sequential(*rises, convolution(dims, width, out_channels, 3, 1, 1), nn.Tanh())
        normal(self.body)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Make the small image."""
        return self.body(self.dense(torch.cat([latent, condition], 1)).view(-1, *self.shape))


class StageTwo(nn.Module):
    """Second stage of StackGAN (Zhang et al. 2017, section 3.4): a small image and a code to a large image.

    Two halvings, the code at every place, `blocks` residual blocks, doublings. `factor`, a power
    of two, says how much larger the image becomes.
    """

    key = "stage-two"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        factor: int = 4,
        code: int = 32,
        blocks: int = 4,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        parts = [convolution(dims, in_channels, width, 3, 1, 1), nn.ReLU()]
        for inputs in (width, 2 * width):
            parts += [convolution(dims, inputs, 2 * inputs, 4, 2, 1), normalisation(norm, dims, 2 * inputs), nn.ReLU()]
        self.down = nn.Sequential(*parts)
        joint = [convolution(dims, 4 * width + code, 4 * width, 3, 1, 1), normalisation(norm, dims, 4 * width)]
        residual = [ResidualBlock(4 * width, norm, dims) for _ in range(blocks)]
        self.joint = nn.Sequential(*joint, nn.ReLU(), *residual)
        doublings = 2 + factor.bit_length() - 1
        widths = [max(4 * width // 2**k, width // 2) for k in range(doublings + 1)]
        rises = [Rise(inputs, outputs, norm, dims) for inputs, outputs in zip(widths[:-1], widths[1:], strict=True)]
        self.up = nn.Sequential(*rises, convolution(dims, widths[-1], out_channels, 3, 1, 1), nn.Tanh())
        normal(self)

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """Make the large image."""
        value = self.down(image)
        return self.up(self.joint(torch.cat([value, planes(condition, tuple(value.shape[2:]))], 1)))
