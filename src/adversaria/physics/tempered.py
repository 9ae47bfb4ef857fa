"""A sinogram in which all frequencies of the image count alike."""

import math

import torch
from torch import Tensor

from adversaria.physics.beam import Beam
from adversaria.physics.operator import Operator


class Tempered(Operator):
    """A beam followed by a filter along the detector, H A, brought to a norm of about 1.

    A* A weighs an image's frequency f by views d^2 / (pi f), d being a pixel in cm: by hundreds for the coarsest, by 1
    for the finest. H^2 is min(f, c) pi / (views d^2), up to the frequency c = views / (pi detectors) at which
    neighbouring views cease to overlap: what was measured then counts 1, and finer detail, of which few views hold
    only a part, less (a preconditioner, as in Fessler and Booth 1999).
    """

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
    """Filter views (..., detectors), taken as zero beyond the detector, by H."""
    views, count = beam.angles.shape[-1], beam.detectors
    length = 2 ** math.ceil(math.log2(2 * count))
    frequency = torch.fft.rfftfreq(length, dtype=y.dtype, device=y.device)
    level = math.pi / (views * (beam.spacing / 10) ** 2)
    response = (level * frequency.clamp_max(views / (math.pi * count))).sqrt()
    return torch.fft.irfft(torch.fft.rfft(y, length) * response, length)[..., :count]
