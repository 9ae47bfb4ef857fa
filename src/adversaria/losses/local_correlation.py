"""Correlation in windows, for images that should line up."""

from torch import Tensor, nn

from adversaria.metrics.local_correlation import local_correlation


class LocalCorrelation(nn.Module):
    """Local cross correlation (Balakrishnan et al. 2019): 1 - mean cc^2 over windows of `window` voxels a side.

    In [0, 1], and 0 wherever one image is a I + b of the other within the window, a of either sign. `floor` is added
    to the denominator; windows that reach over the border are left out.
    """

    key = "L-ncc"

    def __init__(self, window: int = 9, floor: float = 1e-5):
        super().__init__()
        self.window, self.floor = window, floor

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        return 1 - local_correlation(output, target, self.window, self.floor).mean()
