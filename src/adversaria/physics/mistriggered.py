"""A cine whose lines of k-space come from the wrong phases of the heart."""

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.fourier import fourier
from adversaria.physics.operator import Operator


class Mistriggered(Operator):
    """k-space of the first frame with a `share` of its lines taken from other frames (as Oksuz et al. 2018).

    x (B, T, H, W), frames of a cine, gives (B, 2, H, W), real and imaginary part, divided by the largest magnitude.
    Each line along the rows is replaced with that chance by the same line of another frame, drawn evenly.
    """

    key = "mistriggered"
    many_channels = True

    def __init__(self, share: float = 0.3):
        super().__init__()
        if not 0 <= share <= 1:
            raise ValueError(f"a share of {share} is not in [0, 1]")
        self.share = share

    def measure(self, x: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Mix the lines of the frames."""
        if x.ndim != 4 or x.shape[1] < 2:
            raise ValueError(f"a cine has two frames at least, not {tuple(x.shape)}")
        k, lines = fourier(x), x.shape[2]
        mixed = []
        for case in k:
            wrong = random.uniform(size=lines) < self.share
            taken = torch.from_numpy(np.where(wrong, random.integers(1, x.shape[1], lines), 0))
            mixed.append(case[taken, torch.arange(lines)])
        found = torch.stack(mixed)[:, None]
        found = found / found.abs().amax((2, 3), keepdim=True)
        return torch.cat([found.real, found.imag], 1)
