"""Two orthogonal projections of a volume."""

from typing import Any

import torch
from torch import Tensor

from adversaria.physics.operator import Operator


class Biplanar(Operator):
    """Parallel projections along the first two axes: means along the ray, as X-rays of a CT in linear attenuation.

    x (B, C, N, N[, M]) gives (B, 2 C, N[, M]): first what rays along the first axis see (frontal, where rows run from
    anterior to posterior), then along the second (lateral). Both sides across must be equal. `adjoint` is
    the transpose, `back` repeats each projection along its rays.
    """

    key = "biplanar"

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Project."""
        if x.shape[2] != x.shape[3]:
            raise ValueError(f"the first two sides must be equal, not {x.shape[2]} and {x.shape[3]}")
        return torch.cat([x.mean(2), x.mean(3)], 1)

    def adjoint(self, y: Tensor) -> Tensor:
        """Spread both projections evenly along their rays and add them."""
        frontal, lateral = self.back(y).chunk(2, 1)
        return (frontal + lateral) / y.shape[2]

    def back(self, y: Tensor) -> Tensor:
        """Repeat each projection along its rays: (B, 2 C, N, N[, M])."""
        frontal, lateral = y.chunk(2, 1)
        side = y.shape[2]
        depth = [-1] * (y.ndim - 3)
        return torch.cat(
            [
                frontal.unsqueeze(2).expand(-1, -1, side, -1, *depth),
                lateral.unsqueeze(3).expand(-1, -1, -1, side, *depth),
            ],
            1,
        )

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Project; nothing is drawn."""
        return self.A(x)
