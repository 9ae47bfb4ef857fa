"""Positron emission tomography: projection, counts, and the expectation-maximisation image."""

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.blur import GaussianBlur
from adversaria.physics.operator import Operator
from adversaria.physics.radon import ParallelBeam


class PETCounts(Operator):
    """An activity image as it would look at a number of counts.

    The activity (B, 1, H, W[, D]), any unit, is blurred by the scanner's `resolution` in mm (full width at half
    maximum), projected slice by slice, scaled so that `fraction` times `counts` events are expected in a slice on the
    mean, drawn from the Poisson distribution, and reconstructed with `iterations` of `mlem` in the original unit.
    Negative values are taken as zero. Attenuation, scatter and randoms are left out, as if they had been corrected
    without noise. Views: `views`, or pi/2 times the side, from 60 to 240.
    """

    key = "pet-counts"
    by_slice = True

    def __init__(
        self,
        fraction: float = 1.0,
        counts: float = 4e5,
        iterations: int = 30,
        resolution: float = 5.0,
        views: int | None = None,
    ):
        super().__init__()
        if not 0 < fraction <= 1:
            raise ValueError(f"a fraction of {fraction} is not in (0, 1]")
        self.fraction, self.counts, self.iterations, self.views = fraction, counts, iterations, views
        self.blur = GaussianBlur(resolution)

    def measure(self, x: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Simulate the image at these counts."""
        slices = x.movedim(-1, 1)[:, :, 0] if x.ndim == 5 else x
        height, width = slices.shape[2:]
        side = max(height, width)
        blurred = GaussianBlur(self.blur.fwhm, spacing).A(slices.clamp_min(0))
        beam = ParallelBeam(side, self.views or min(240, max(60, round(1.5708 * side))), spacing=spacing)
        clean = beam.A(torch.nn.functional.pad(blurred, (0, side - width, 0, side - height)))
        expected = self.fraction * self.counts * slices.shape[1]
        scale = expected / clean.sum((1, 2, 3), keepdim=True).clamp_min(torch.finfo(clean.dtype).tiny)
        drawn = random.poisson((clean * scale).double().numpy().clip(0))
        image = mlem(beam, torch.from_numpy(drawn).to(x) / scale, self.iterations)[..., :height, :width]
        return image[:, :, None].movedim(1, -1) if x.ndim == 5 else image


def mlem(physics: Operator, counts: Tensor, iterations: int = 30, background: Tensor | float = 0.0) -> Tensor:
    """Maximise the Poisson likelihood of `counts` = Poisson(A x + background) (Shepp and Vardi 1982; Lange 1984).

    x <- x / A*1 . A*(y / (A x + background)), from a constant image; x stays non-negative, and without background the
    projected total equals the counted total after every iteration. Zero where no ray passes.
    """
    reach = physics.adjoint(torch.ones_like(counts))
    least = torch.finfo(counts.dtype).tiny
    seen = reach > 1e-6 * reach.amax()
    weight = torch.where(seen, 1 / reach.clamp_min(least), 0)
    image = seen.to(counts.dtype)
    for _ in range(iterations):
        expected = physics.A(image) + background
        ratio = torch.where(expected > least, counts / expected.clamp_min(least), 0)
        image = image * weight * physics.adjoint(ratio)
    return image


def thinned(counts: Tensor, fraction: float, random: np.random.Generator) -> Tensor:
    """Keep each count with chance `fraction`: exactly what a shorter scan would have counted, as list mode gives."""
    if not 0 <= fraction <= 1:
        raise ValueError(f"a fraction of {fraction} is not in [0, 1]")
    whole = counts.double().cpu().numpy()
    if (whole < 0).any() or (whole != np.round(whole)).any():
        raise ValueError("only whole, non-negative counts can be thinned")
    return torch.from_numpy(random.binomial(whole.astype(np.int64), fraction)).to(counts)
