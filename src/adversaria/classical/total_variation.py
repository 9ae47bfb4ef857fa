"""Total variation."""

from typing import Any

import torch
from torch import Tensor

from adversaria.physics import Operator
from adversaria.physics.consistency import power


class TotalVariation:
    """Least squares with total variation, by FISTA (Beck and Teboulle 2009): complex or real images, 2D or 3D.

    argmin_x  |A x - y|^2 / (2 |A|^2) + weight m TV(x),  with |A| the operator's norm, TV the isotropic total variation
    and m the largest magnitude of A* y / |A|^2, so that one weight serves all scales of the data. It starts from the
    operator's `inverse` where there is one. `steps` of FISTA, each with `inner` steps of the fast gradient projection
    for the proximal map (their algorithm FGP), whose dual is kept from step to step.
    """

    key = "total-variation"

    def __init__(self, weight: float = 1e-3, steps: int = 100, inner: int = 10):
        if weight < 0 or steps < 1 or inner < 1:
            raise ValueError("total variation needs a weight of at least 0 and at least one step of each kind")
        self.weight, self.steps, self.inner = weight, steps, inner

    def __call__(self, measurement: Tensor, physics: Operator) -> Tensor:
        """Reconstruct."""
        back = physics.adjoint(measurement)
        norm = squared_norm(physics, back)
        weight = self.weight * back.abs().amax(tuple(range(1, back.ndim)), keepdim=True) / norm
        inverse: Any = getattr(physics, "inverse", None)
        image: Tensor = back / norm if inverse is None else inverse(measurement)
        ahead, dual, pace = image, torch.zeros_like(gradient(image)), 1.0
        for _ in range(self.steps):
            downhill = ahead - (physics.adjoint(physics.A(ahead)) - back) / norm
            fresh, dual = denoised(downhill, weight, self.inner, dual)
            faster = (1 + (1 + 4 * pace**2) ** 0.5) / 2
            ahead = fresh + (pace - 1) / faster * (fresh - image)
            image, pace = fresh, faster
        return image


def denoised(image: Tensor, weight: Tensor | float, steps: int, dual: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Give argmin_x |x - image|^2 / 2 + weight TV(x) and its dual field (Beck and Teboulle 2009, FGP)."""
    old = torch.zeros_like(gradient(image)) if dual is None else dual
    ahead, pace = old, 1.0
    bound = 4.0 * (image.ndim - 2)
    least = torch.finfo(image.real.dtype).tiny
    weight = torch.as_tensor(weight, device=image.device, dtype=image.real.dtype).clamp_min(least)
    for _ in range(steps):
        climbed = ahead + gradient(image - weight * divergence(ahead)) / (bound * weight)
        fresh = climbed / climbed.abs().square().sum(0).sqrt().clamp_min(1)
        faster = (1 + (1 + 4 * pace**2) ** 0.5) / 2
        ahead = fresh + (pace - 1) / faster * (fresh - old)
        old, pace = fresh, faster
    return image - weight * divergence(old), old


def gradient(x: Tensor) -> Tensor:
    """Forward differences (dims, B, C, *S) along every spatial axis, 0 at the last voxel."""
    found = torch.zeros((x.ndim - 2, *x.shape), dtype=x.dtype, device=x.device)
    for axis in range(2, x.ndim):
        found[axis - 2].narrow(axis, 0, x.shape[axis] - 1).copy_(x.diff(dim=axis))
    return found


def divergence(field: Tensor) -> Tensor:
    """Apply the transpose of `gradient` (which is minus the divergence)."""
    found = torch.zeros_like(field[0])
    for axis in range(2, found.ndim):
        inner = field[axis - 2].narrow(axis, 0, found.shape[axis] - 1)
        found.narrow(axis, 0, found.shape[axis] - 1).sub_(inner)
        found.narrow(axis, 1, found.shape[axis] - 1).add_(inner)
    return found


def squared_norm(physics: Operator, start: Tensor, steps: int = 12) -> Tensor:
    """Bound the largest eigenvalue of A* A, for each case, by power iteration from `start`, and a twentieth more."""
    least = torch.finfo(start.real.dtype).tiny
    x = start
    for _ in range(steps):
        x = x / power(x).sqrt().clamp_min(least)
        x = physics.adjoint(physics.A(x))
    return 1.05 * power(x).sqrt().clamp_min(least)
