"""One channel for each band of intensities."""

from typing import Any

import torch
from torch import Tensor

from adversaria.physics.operator import Operator


class Bands(Operator):
    """Band-wise normalisation (Wang et al. 2018a): a channel for each band of `edges`, scaled from 0 to 1 on its own.

    x (B, 1, *S) gives (B, bands, *S): clip((x - low) / (high - low), 0, 1). The paper splits the range of CT numbers
    into three; its edges could not be confirmed. Not linear, so there is no adjoint.
    """

    key = "bands"

    def __init__(self, edges: tuple[float, ...] = (-1000.0, 0.0, 1000.0, 3000.0)):
        super().__init__()
        if len(edges) < 2 or sorted(set(edges)) != list(edges):
            raise ValueError(f"edges rise and are two at least, not {edges}")
        self.edges = tuple(edges)

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Split an image; nothing is drawn."""
        pairs = zip(self.edges[:-1], self.edges[1:], strict=True)
        return torch.cat([((x - low) / (high - low)).clamp(0, 1) for low, high in pairs], 1)
