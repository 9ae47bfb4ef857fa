"""Matching the activations of the discriminator."""

import torch
from torch import Tensor, nn

from adversaria.losses.perceptual import Perceptual
from adversaria.losses.pixel import distance


class FeatureMatching(Perceptual):
    """Feature matching (Wang et al. 2018, eq. 4): 4 times the mean over layers and scales of mean |D_l(y) - D_l(G)|.

    That is the sum over the 4 layers of each of the paper's discriminators and the mean over scales, as the authors'
    code weighs it; the paper writes a sum over both. The real side carries no gradient. The discriminator that
    judges pairs sees the source beside both images.
    """

    key = "L8-matching"

    def __init__(self) -> None:
        super().__init__(power=1)

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        source: Tensor | None = None,
        discriminator: nn.Module | None = None,
    ) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        found = self._look(output, source, discriminator)
        with torch.no_grad():
            wanted = self._look(target, source, discriminator)
        return 4 * torch.stack([distance(f, w, 1) for f, w in zip(found, wanted, strict=True)]).mean()
