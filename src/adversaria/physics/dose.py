"""Low-dose CT: quantum and electronic noise in the sinogram of any CT image."""

import math

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.physics.radon import ParallelBeam

WATER = 0.2  # linear attenuation in 1/cm near 65 keV, the middle of the tabulated .195 to .206


REAL_VIEWS = 1000  # views of half a turn of a real scanner, whose elements are about 1 mm wide: sets electronic noise


class LowDoseCT(Operator):
    """A CT image as it would look at a fraction of the dose.

    The image in HU is projected, each detector reading is drawn as Poisson(fraction N exp(-p)) plus electronic
    noise, and the difference of the noisy and the noise-free sinogram is reconstructed by filtered back-projection and
    added to the image:  x + FBP(p_noisy - p).  What the image already shows is kept. An image that already carries
    the noise of the dose `carried` (1 for a routine scan) is given only what is missing, a share
    sqrt(1 - fraction/carried), so that its noise too follows sqrt(1/fraction) where counts suffice; both images of
    the pair then share the noise of the scan. Readings below one count are set to one (photon starvation).

    The exposure is a property of the scan, not of the grid it is computed on: `photons` reach each mm of the
    detector without the patient, over all views of half a turn and the slice's thickness, at full dose. The noise is
    reconstructed with a kernel of `resolution` mm (full width at half maximum; 1.25 resembles a soft kernel), whatever
    the pixels, as scanners do; so its size does not depend on the pixels, and pixels coarser than the kernel sample it
    (their noise is nearly white). The default exposure gives about 13 HU in an abdomen and less in a head. `electronic`
    is the standard deviation, in photons, of one element of 1 mm in one of 1000 views. The number of `views`
    computed, pi/2 times the side from 60 to 360 by default, does not change the size of the noise either.

    Works on square and other images (padded with air), slice by slice on volumes (B, 1, H, W, D).
    """

    key = "dose"
    by_slice = True

    def __init__(
        self,
        fraction: float = 0.25,
        photons: float = 1e9,
        electronic: float = 10.0,
        views: int | None = None,
        carried: float | None = None,
        resolution: float = 1.25,
    ):
        super().__init__()
        if not 0 < fraction <= 1:
            raise ValueError(f"a dose fraction of {fraction} is not in (0, 1]")
        if carried is not None and not fraction < carried <= 1:
            raise ValueError(f"an image that carries the noise of dose {carried} cannot be measured at {fraction}")
        if resolution <= 0:
            raise ValueError(f"a resolution of {resolution} mm is not above 0")
        self.missing = 1.0 if carried is None else (1 - fraction / carried) ** 0.5
        self.fraction, self.photons, self.electronic, self.views = fraction, photons, electronic, views
        self.resolution = resolution

    def beam(self, size: int, spacing: float) -> ParallelBeam:
        """Give the scanner for images of this side, its elements no wider than the resolution."""
        views = self.views or min(360, max(60, round(1.5708 * size)))
        return ParallelBeam(size, views, spacing=spacing, pitch=1 / math.ceil(spacing / self.resolution))

    def measure(self, hu: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Simulate the low-dose image of `hu` (B, 1, H, W[, D]) with pixels of `spacing` mm."""
        if hu.ndim == 5:
            return torch.stack([self.measure(hu[..., k], spacing, random) for k in range(hu.shape[-1])], -1)
        height, width = hu.shape[2:]
        side = max(height, width)
        padded = torch.nn.functional.pad(hu, (0, side - width, 0, side - height), value=-1000.0)
        beam = self.beam(side, spacing)
        attenuation = WATER * (1 + padded.clamp_min(-1000.0) / 1000)
        clean = beam.A(attenuation)
        noise = (self.noisy(clean, beam.spacing * beam.pitch, random) - clean) * self.missing
        change = beam.inverse(noise, self.resolution) * (1000 / WATER)
        return hu + change[..., :height, :width]

    def noisy(self, sinogram: Tensor, width: float, random: np.random.Generator) -> Tensor:
        """Draw the readings of a clean sinogram, its elements `width` mm wide, and take their logarithm."""
        views = sinogram.shape[-2]
        full = self.fraction * self.photons * width / views
        electronic = self.electronic * math.sqrt(REAL_VIEWS * width / views)
        expected = full * np.exp(-sinogram.double().cpu().numpy())
        counts = random.poisson(expected) + electronic * random.standard_normal(expected.shape)
        line = -np.log(np.maximum(counts, 1.0) / full)
        return torch.from_numpy(line).to(sinogram)
