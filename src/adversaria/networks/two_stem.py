"""A patch discriminator of single images and of pairs, with one trunk."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.initialise import normal
from adversaria.networks.patch_gan import PatchGAN


class TwoStemPatchGAN(PatchGAN):
    """Patch discriminator with two ends (Jin et al. 2018a): one stem and head for an image, one for an image and more.

    Both share the trunk between. Without a condition the image's own stem and head are used; with one, the stem of
    `in_channels` + `condition_channels` and its head. Otherwise as `PatchGAN`.
    """

    key = "two-stem-patchgan"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 1,
        layers: int = 3,
        width: int = 64,
        norm: str = "instance",
        dims: int = 2,
    ):
        super().__init__(in_channels, 0, layers, width, norm, dims)
        twin = PatchGAN(in_channels, condition_channels, 1, width, norm, dims)
        self.pair_stem = twin.blocks[0]
        last = width * min(2**layers, 8)
        self.pair_head = convolution(dims, last, 1, 4, 1, 1)
        normal(self.pair_head)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations after each block, first to last."""
        first: nn.Module = self.blocks[0] if condition is None else self.pair_stem
        value = first(image if condition is None else torch.cat([image, condition], 1))
        found = [value]
        for block in self.blocks[1:]:
            value = block(value)
            found.append(value)
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give a map of raw scores."""
        head = self.head if condition is None else self.pair_head
        return head(self.features(image, condition)[-1])
