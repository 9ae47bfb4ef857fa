"""Computed tomography from few views."""

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.dose import WATER, LowDoseCT
from adversaria.physics.operator import Operator
from adversaria.physics.radon import ParallelBeam


class SparseViewCT(Operator):
    """A CT image reconstructed from `views` parallel projections, equally spaced over `span` degrees.

    The image in HU is projected and reconstructed by filtered back-projection, which leaves streaks. With `photons`
    every detector element of 1 mm receives that many in each view without the patient (`LowDoseCT.noisy`: Poisson
    counts and electronic noise); by default there is no noise. The kernel is as wide as `resolution` mm; elements are
    pixels. Outside the circle that all views see the image is cut off at air. HU (B, 1, H, W[, D]), pixels of
    `spacing` mm; slices that are not square stand in the middle of air, volumes go slice by slice.
    """

    key = "sparse-view"
    by_slice = True

    def __init__(
        self,
        views: int = 45,
        span: float = 180.0,
        photons: float | None = None,
        electronic: float = 10.0,
        resolution: float = 0.0,
    ):
        super().__init__()
        if views < 1:
            raise ValueError(f"{views} views are no scan")
        self.views, self.span, self.photons, self.electronic = views, span, photons, electronic
        self.resolution = resolution

    def measure(self, hu: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Scan an image and reconstruct it."""
        if hu.ndim == 5:
            return torch.stack([self.measure(hu[..., k], spacing, random) for k in range(hu.shape[-1])], -1)
        height, width = hu.shape[2:]
        side = max(height, width)
        above, beside = (side - height) // 2, (side - width) // 2
        border = (beside, side - width - beside, above, side - height - above)
        beam = ParallelBeam(side, self.views, spacing=spacing, span=self.span)
        padded = torch.nn.functional.pad(hu, border, value=-1000.0)
        sinogram = beam.A(WATER * (1 + padded.clamp_min(-1000.0) / 1000))
        if self.photons is not None:
            scanner = LowDoseCT(1.0, self.photons * self.views, self.electronic)
            sinogram = scanner.noisy(sinogram, spacing, random)
        place = torch.arange(side, dtype=hu.dtype) - (side - 1) / 2
        seen = place[:, None] ** 2 + place[None] ** 2 <= (side / 2) ** 2
        made = torch.where(seen, beam.inverse(sinogram, self.resolution) * (1000 / WATER) - 1000, -1000.0).to(hu.dtype)
        return made[..., above : above + height, beside : beside + width]
