"""Total variation for tomography."""

import math

import torch
from torch import Tensor

from adversaria.classical.total_variation import TotalVariation
from adversaria.physics import Operator
from adversaria.physics.beam import Beam


class BeamTotalVariation(TotalVariation):
    """`TotalVariation` of a sinogram whose misfit is weighed so that all frequencies settle at one pace.

    argmin_x  |H (A x - y)|^2 / (2 |H A|^2) + weight m TV(x),  where H filters each view by the root of min(f, c), f the
    frequency and c = views / (pi detectors), up to which neighbouring views overlap. A* A weighs an image's frequencies
    by 1 / f below c, so that without H (a preconditioner, as in Fessler and Booth 1999) fine detail needs thousands of
    steps. Noise counts a little more at high frequencies than the white noise of a sinogram deserves.
    """

    key = "total-variation-ct"

    def __init__(self, weight: float = 1e-2, steps: int = 40, inner: int = 10):
        super().__init__(weight, steps, inner)

    def __call__(self, measurement: Tensor, physics: Operator) -> Tensor:
        """Reconstruct (B, C, size, size)."""
        if not isinstance(physics, Beam):
            raise TypeError(f"{type(physics).__name__} has no views to filter: use TotalVariation")
        return super().__call__(tempered(measurement, physics), Tempered(physics))


class Tempered(Operator):
    """A beam followed by the filter along the detector."""

    def __init__(self, beam: Beam):
        super().__init__()
        self.beam = beam

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Project and filter."""
        return tempered(self.beam.A(x), self.beam)

    def adjoint(self, y: Tensor) -> Tensor:
        """Filter, which is its own transpose, and smear back."""
        return self.beam.adjoint(tempered(y, self.beam))


def tempered(y: Tensor, beam: Beam) -> Tensor:
    """Filter views (..., detectors), taken as zero beyond the detector, by the root of min(f, c)."""
    views, count = beam.angles.shape[-1], beam.detectors
    length = 2 ** math.ceil(math.log2(2 * count))
    frequency = torch.fft.rfftfreq(length, dtype=y.dtype, device=y.device)
    response = frequency.clamp_max(views / (math.pi * count)).sqrt()
    return torch.fft.irfft(torch.fft.rfft(y, length) * response, length)[..., :count]
