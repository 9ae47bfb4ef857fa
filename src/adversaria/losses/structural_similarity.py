"""L9: structural similarity."""

from torch import Tensor, nn

from adversaria.metrics.ssim import ssim


class StructuralSimilarity(nn.Module):
    """Structural dissimilarity, L9 of the review: 1 - SSIM(output, target), in [0, 2] (Wang et al. 2004).

    `data_range` is the width of the interval that the network's images live in (2 for [-1, 1]). The
    `window` spans that many voxels along every axis, in volumes too, weighted by a Gaussian of `sigma`
    voxels; windows that reach over the border are left out. ValueError: a data range that is not
    positive, an image smaller than the window.
    """

    key = "L9"

    def __init__(self, data_range: float, sigma: float = 1.5, window: int = 11):
        super().__init__()
        self.data_range, self.sigma, self.window = data_range, sigma, window

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        return 1 - ssim(output, target, self.data_range, self.sigma, self.window).mean()
