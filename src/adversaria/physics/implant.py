"""A scan of something that holds metal where the image says so."""

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.dose import LowDoseCT
from adversaria.physics.metal import MetalCT


class ImplantCT(MetalCT):
    """A CT image with the streaks of the metal that it shows (as `MetalCT`, which places the metal itself).

    Voxels above `threshold` HU hold `metal` (platinum, titanium), a share that rises to 1 at its own number; the rest
    of them is water.
    The noise is reconstructed with a kernel of `resolution` mm. With `ceiling` CT numbers end there, as scanners store
    them.
    """

    key = "implant"
    by_slice = True

    def __init__(
        self,
        metal: str = "platinum",
        threshold: float = 4000.0,
        photons: float = 1e9,
        electronic: float = 10.0,
        views: int | None = None,
        resolution: float = 1.25,
        ceiling: float | None = 3071.0,
    ):
        super().__init__(photons=photons, electronic=electronic, views=views)
        self.scanner = LowDoseCT(1.0, photons, electronic, views, resolution=resolution)
        if metal not in ("platinum", "titanium"):
            raise ValueError(f"there is no metal '{metal}' in the table; there are platinum and titanium")
        self.metal, self.threshold, self.ceiling = metal, threshold, ceiling

    def measure(self, hu: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Scan an image; in volumes slice by slice."""
        if hu.ndim == 5:
            return torch.stack([self.measure(hu[..., k], spacing, random) for k in range(hu.shape[-1])], -1)
        pure = float(self.inserted(torch.zeros(()), torch.ones(())))
        cover = torch.where(hu > self.threshold, hu / pure, 0).clamp(0, 1)
        found = self.scanned(torch.where(hu > self.threshold, 0.0, hu), cover, spacing, random)
        return found if self.ceiling is None else found.clamp(-1024.0, self.ceiling)
