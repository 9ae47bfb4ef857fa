"""L4, unpaired: slopes of an image and of its own translation."""

import torch
from torch import Tensor, nn

from adversaria.losses.gradient_difference import slopes
from adversaria.metrics.local_correlation import correlation


class GradientConsistency(nn.Module):
    """Gradient consistency, L4 of the review between modalities: (1 - GC(source, output)) / 2, in [0, 1].

    GC is the normalised cross correlation of the forward differences along an axis, averaged over axes and batch
    (Hiasa et al. 2018). The paper's term is the sum of both directions of a cycle, so a game calls this
    twice; the sum is 0 for a translation a x + b with a > 0 and 2 for one with a < 0: an inverted contrast is
    punished most. `floor`, in the 4th power of the image's unit, keeps slopes that are constant defined.
    """

    key = "L4-consistency"

    def __init__(self, floor: float = 1e-10):
        super().__init__()
        self.floor = floor

    def forward(self, output: Tensor, source: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        pairs = zip(slopes(output), slopes(source), strict=True)
        return (1 - torch.stack([correlation(o, s, self.floor) for o, s in pairs]).mean()) / 2
