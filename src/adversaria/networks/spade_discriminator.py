"""The discriminator of SPADE."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.resample import halved
from adversaria.vocabulary import UserError


class SPADEDiscriminator(nn.Module):
    """Discriminator of SPADE (Park et al. 2019, appendix A; Wang et al. 2018, section 3.2): patches at several scales.

    `scales` patch discriminators of one form see the image, and the label map joined to it, averaged over 1, 2, 4, ...
    pixels, with spectral norm beside the instance norm. It gives a list of maps of scores, the finest first, and
    `features` the activations of one discriminator after the other.
    """

    key = "spade"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        scales: int = 3,
        layers: int = 3,
        width: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        self.scales = nn.ModuleList(
            PatchGAN(in_channels, condition_channels, layers, width, "instance", dims) for _ in range(scales)
        )
        spectral(self)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations of all scales, the finest scale first, each from first to last."""
        return [value for judge, seen in self._pairs(image, condition) for value in judge.features(seen)]

    def forward(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """Give one map of raw scores for each scale."""
        return [judge(seen) for judge, seen in self._pairs(image, condition)]

    def _pairs(self, image: Tensor, condition: Tensor | None) -> list[tuple[Any, Tensor]]:
        joined = image if condition is None else torch.cat([image, condition], 1)
        unit = 2 ** (len(self.scales) - 1)
        if any(side % unit for side in joined.shape[2:]):
            raise UserError(
                f"{len(self.scales)} scales need sides divisible by {unit}.", "Choose such a patch, or fewer scales."
            )
        return [(judge, halved(joined, k)) for k, judge in enumerate(self.scales)]
