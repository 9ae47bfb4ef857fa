"""L10: the same structure in another modality."""

from torch import Tensor, nn

from adversaria.losses.pixel import distance
from adversaria.metrics.mind import mind


class Neighbourhood(nn.Module):
    """MIND loss, L10 of the review: mean |MIND(output) - MIND(source)| over offsets and voxels, in [0, 1].

    The descriptor is that of `metrics.mind.mind` (Heinrich et al. 2012); it is the same for an image and any a I + b,
    so that contrasts may invert. Compared are an image and its own translation: no pair is needed. By default the
    4 or 6 nearest neighbours and patches of 3 voxels; Yang et al. 2018b take `reach` 4, `patch` 7 and `sigma` 2.
    """

    key = "L10"

    def __init__(self, reach: int = 0, patch: int = 3, sigma: float | None = None, floor: float = 1e-5):
        super().__init__()
        self.reach, self.patch, self.sigma, self.floor = reach, patch, sigma, floor

    def forward(self, output: Tensor, source: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        facts = (self.reach, self.patch, self.sigma, self.floor)
        return distance(mind(output, *facts), mind(source, *facts), 1)
