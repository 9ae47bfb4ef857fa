"""A computed tomography scan: few views, a limited angle, a dose."""

import numpy as np
from torch import Tensor

from adversaria.physics.dose import LowDoseCT
from adversaria.physics.downsample import Downsample
from adversaria.physics.radon import ParallelBeam
from adversaria.vocabulary import Batch


class CTScan(ParallelBeam):
    """A parallel-beam scan of `angles` views over `span` degrees at a `fraction` of the dose.

    A, adjoint and inverse are those of `ParallelBeam`. `acquire` projects an image that is `finer` times as fine as
    the one that will be reconstructed, lets each detector element average as many rays, and adds the quantum and
    electronic noise of `LowDoseCT`, whose `photons` are shared by all views; it gives `measurement` and the `target`,
    the mean of the finer pixels. Lengths count in this operator's own pixels: whatever the pixels of an image, its
    measurement is what pixels of `spacing` mm give, so that a network's operator fits every case; the noise is that
    of the image's true size. `detectors`, `pitch` and `shift` are those of a scanner, as `ParallelBeam` has them.
    """

    key = "ct-scan"

    def __init__(
        self,
        size: int,
        angles: int | tuple[float, ...] = 180,
        spacing: float = 1.0,
        span: float = 180.0,
        fraction: float = 1.0,
        photons: float = 1e9,
        electronic: float = 10.0,
        finer: int = 2,
        detectors: int | None = None,
        pitch: float = 1.0,
        shift: float = 0.0,
    ):
        super().__init__(size, angles, detectors, spacing, span, pitch, shift)
        self.span, self.fraction, self.photons, self.electronic, self.finer = span, fraction, photons, electronic, finer
        self.dose = LowDoseCT(fraction, photons, electronic)
        views = tuple(self.angles.tolist())
        rays = self.detectors * finer
        self.rays_of = ParallelBeam(size * finer, views, rays, spacing / finer, pitch=pitch, shift=shift * finer)

    def acquire(self, x: Tensor, spacing: float, random: np.random.Generator) -> Batch:
        """Scan images in 1/cm, (B, C, finer size, finer size), whose pixels are `spacing` mm wide."""
        seen = self.rays_of.A(x).unflatten(-1, (self.detectors, self.finer)).mean(-1)
        larger = spacing * self.finer / self.spacing
        noisy = self.dose.noisy(seen * larger, self.spacing * self.pitch * larger, random)
        return {"measurement": noisy / larger, "target": Downsample(self.finer).A(x)}
