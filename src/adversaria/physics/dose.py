"""Low-dose CT: quantum and electronic noise in the sinogram of any CT image."""

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.physics.radon import ParallelBeam

WATER = 0.2  # linear attenuation in 1/cm near 65 keV, the middle of the tabulated .195 to .206


class LowDoseCT(Operator):
    """A CT image as it would look at a fraction of the dose.

    The image in HU is projected, each detector reading is drawn as Poisson(fraction N0 exp(-p)) plus
    N(0, electronic^2), and the difference of the noisy and the noise-free sinogram is reconstructed by
    filtered back-projection and added to the image:  x + FBP(p_noisy - p).  What the image already shows
    is kept. An image that already carries the noise of the dose `carried` (1 for a routine scan) is given
    only what is missing, a share sqrt(1 - fraction/carried), so that its noise too follows
    sqrt(1/fraction) where counts suffice; both images of the pair then share the noise of the scan. Readings
    below one count are set to one (photon starvation). `photons` N0 counts an unattenuated detector reading at
    full dose; the default gives about 13 HU of noise in an abdomen with pixels of 3 mm. Views: `views`, or pi/2
    times the side, from 60 to 360. Works on square and other images (padded with air), slice by slice on
    volumes (B, 1, H, W, D).
    """

    key = "dose"

    def __init__(
        self,
        fraction: float = 0.25,
        photons: float = 1e6,
        electronic: float = 10.0,
        views: int | None = None,
        carried: float | None = None,
    ):
        super().__init__()
        if not 0 < fraction <= 1:
            raise ValueError(f"a dose fraction of {fraction} is not in (0, 1]")
        if carried is not None and not fraction < carried <= 1:
            raise ValueError(f"an image that carries the noise of dose {carried} cannot be measured at {fraction}")
        self.missing = 1.0 if carried is None else (1 - fraction / carried) ** 0.5
        self.fraction, self.photons, self.electronic, self.views = fraction, photons, electronic, views
        self._beams: dict[tuple[int, float], ParallelBeam] = {}

    def beam(self, size: int, spacing: float) -> ParallelBeam:
        """Give the scanner for images of this side; the last few are kept."""
        wanted = (size, spacing)
        if wanted not in self._beams:
            if len(self._beams) > 4:
                self._beams.clear()
            self._beams[wanted] = ParallelBeam(
                size, self.views or min(360, max(60, round(1.5708 * size))), spacing=spacing
            )
        return self._beams[wanted]

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
        noise = (self.noisy(clean, random) - clean) * self.missing
        change = beam.inverse(noise) * (1000 / WATER)
        return hu + change[..., :height, :width]

    def noisy(self, sinogram: Tensor, random: np.random.Generator) -> Tensor:
        """Draw the readings of a clean sinogram and take their logarithm."""
        full = self.fraction * self.photons
        expected = full * np.exp(-sinogram.double().cpu().numpy())
        counts = random.poisson(expected) + self.electronic * random.standard_normal(expected.shape)
        line = -np.log(np.maximum(counts, 1.0) / full)
        return torch.from_numpy(line).to(sinogram)
