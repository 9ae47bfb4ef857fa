"""What discriminators share: they join the condition, keep their activations, and give raw scores."""

import torch
from torch import Tensor, nn


class Discriminator(nn.Module):
    """A stack of blocks, each ending in an activation, and a head that gives raw scores.

    Called with an image (B, C, *S) and, if it was built with condition channels, a condition image
    (B, C', *S) that is joined along the channels.
    """

    blocks: nn.ModuleList
    head: nn.Module

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations after each block, first to last."""
        value = image if condition is None else torch.cat([image, condition], 1)
        found = []
        for block in self.blocks:
            value = block(value)
            found.append(value)
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give raw scores."""
        return self.head(self.features(image, condition)[-1])
