"""L9 over several scales."""

from torch import Tensor, nn

from adversaria.losses.perceptual import slices
from adversaria.metrics.multi_scale import ms_ssim


class MultiScaleSimilarity(nn.Module):
    """Multi-scale structural dissimilarity, L9 of the review: 1 - MS-SSIM, in [0, 1] (Wang et al. 2003, eq. 7).

    `data_range` as in `StructuralSimilarity`. Five `scales` need sides of 176 voxels with the published window; with
    fewer, the first of the published weights are used, divided by their sum. Where the mean of a scale is negative
    the value is 1 and has no gradient, so a term that pulls everywhere should stand beside it. With `sliced` volumes
    (B, C, H, W, D) are compared slice by slice, as flat slabs have to be. ValueError: an image that is too small.
    """

    key = "L9-multi-scale"

    def __init__(self, data_range: float, scales: int = 5, sigma: float = 1.5, window: int = 11, sliced: bool = False):
        super().__init__()
        self.sliced = sliced
        self.data_range, self.scales, self.sigma, self.window = data_range, scales, sigma, window

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        if self.sliced and output.ndim == 5:
            output, target = slices(output), slices(target)
        return 1 - ms_ssim(output, target, self.data_range, self.scales, self.sigma, self.window).mean()
