"""L2 where bright voxels are few and matter."""

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance


class BrightBalanced(nn.Module):
    """Fidelity to few bright voxels, L2 of the review: half the mean error above `threshold`, half the mean below.

    Bright is where the target lies above `threshold` (in the network's range); |output - target|^power is averaged over
    the bright and over the other voxels of each sample, then over both means. Where there is one kind alone, its mean
    counts whole. After Ben-Cohen et al. 2018, who weight high uptake; their weights are not known to us.
    """

    key = "L2-bright"

    def __init__(self, threshold: float = -0.5, power: int = 1):
        super().__init__()
        self.threshold, self.power = threshold, checked(power)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        bright = (target > self.threshold).to(torch.promote_types(target.dtype, torch.float32))
        share = bright.flatten(1).mean(1).view(-1, *[1] * (bright.ndim - 1))
        weight = bright / share.clamp_min(1e-12) + (1 - bright) / (1 - share).clamp_min(1e-12)
        # each sample counts the same, also one that is bright all over
        weight = weight / weight.flatten(1).mean(1).view_as(share)
        return distance(output, target, self.power, weight)
