"""Blur that is not the same everywhere: what a network that judges sharpness learns from."""

import math

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.operator import Operator


class UnevenBlur(Operator):
    """Gaussian blur of one width on one side of a random line (plane, in volumes) and of another on the other side.

    x (B, C, *S) keeps its shape. Both widths are drawn for each case between 0 and `most` voxels, independently; over
    `edge` voxels on each side of the line one passes into the other. Borders are repeated. Linear for given draws, but
    drawn anew each time, so there is no adjoint.
    """

    key = "uneven-blur"

    def __init__(self, most: float = 3.0, edge: float = 4.0):
        super().__init__()
        self.most, self.edge = most, edge

    def measure(self, x: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Blur an image."""
        dims = x.ndim - 2
        first, second = random.uniform(0, self.most, 2)
        direction = random.standard_normal(dims)
        direction /= np.linalg.norm(direction)
        place = random.uniform(0.25, 0.75, dims)
        side = torch.zeros((), dtype=x.dtype)
        for axis, size in enumerate(x.shape[2:]):
            steps = torch.arange(size, dtype=x.dtype) - float(place[axis]) * size
            side = side.unsqueeze(-1) + float(direction[axis]) * steps
        share = torch.sigmoid(2 * side / self.edge)
        return share * blurred(x, float(first)) + (1 - share) * blurred(x, float(second))


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Blur (B, C, *S) with a Gaussian of `sigma` voxels, cut at 4 sigma; borders are repeated."""
    reach = math.ceil(4 * sigma)
    if reach == 0:
        return x
    steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    weights = torch.exp(-(steps**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    for axis in range(2, x.ndim):
        places = torch.arange(x.shape[axis])
        near = [(places + step).clamp(0, x.shape[axis] - 1) for step in range(-reach, reach + 1)]
        parts = (w * x.index_select(axis, p) for w, p in zip(weights.tolist(), near, strict=True))
        x = torch.stack(list(parts)).sum(0)
    return x
