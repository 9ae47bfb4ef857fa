"""A discriminator that judges several scales from one pyramid of features."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.initialise import normal
from adversaria.networks.layers.leaky_relu import LeakyReLU


class FeaturePyramid(nn.Module):
    """Feature pyramid discriminator (as in Liao et al. 2018; Lin et al. 2017, figure 3): a map of scores each scale.

    `levels` 4x4 convolutions of stride 2, widths doubling from `width` up to 8 times it, LeakyReLU 0.2. From the
    coarsest on, each level is brought to `pyramid` channels by a 1x1 convolution and added to the coarser one, doubled
    (nearest neighbour); a 3x3 convolution scores each of the last `scales` levels. Finest first. The sizes of
    the paper's network could not be confirmed. Sides need be divisible by 2**levels.
    """

    key = "feature-pyramid"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        levels: int = 4,
        scales: int = 3,
        width: int = 64,
        pyramid: int = 64,
        norm: str = "instance",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * min(2**k, 8) for k in range(levels)]
        blocks = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            parts = [convolution(dims, inputs, outputs, 4, 2, 1, index == 0 or norm != "batch")]
            parts += [normalisation(norm, dims, outputs)] if index else []
            blocks.append(nn.Sequential(*parts, LeakyReLU()))
        self.blocks = nn.ModuleList(blocks)
        self.sides = nn.ModuleList(convolution(dims, w, pyramid, 1) for w in widths[-scales:])
        self.heads = nn.ModuleList(convolution(dims, pyramid, 1, 3, 1, 1) for _ in range(scales))
        normal(self)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations of the way down, finest first."""
        value = image if condition is None else torch.cat([image, condition], 1)
        found = []
        for block in self.blocks:
            value = block(value)
            found.append(value)
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """Give a map of raw scores for each scale, finest first."""
        found = self.features(image, condition)[-len(self.heads) :]
        value, scores = None, []
        for k in reversed(range(len(found))):
            side = self.sides[k](found[k])
            value = side if value is None else side + interpolate(value, scale_factor=2.0, mode="nearest")
            scores.append(self.heads[k](value))
        return scores[::-1]
