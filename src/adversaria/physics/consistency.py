"""Layers that bring an image back to what was measured."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from adversaria.physics.operator import Operator


class HardConsistency(nn.Module):
    """Put the measured samples back: x + A*(y - A x), for operators whose rows are orthonormal (`tight`).

    For a masked Fourier transform this replaces the sampled part of k-space (Schlemper et al. 2018, eq. 8 without
    noise). Called with an image, a measurement and the bound operator.
    """

    key = "hard-consistency"

    def forward(self, x: Tensor, measurement: Tensor, physics: Operator) -> Tensor:
        """Replace what was measured."""
        return x + physics.adjoint(measurement - checked(physics).A(x))


class SoftConsistency(nn.Module):
    """Weigh what was made against what was measured: x + w / (1 + w) A*(y - A x), operators as for the hard layer.

    Sampled k-space becomes (A x + w y) / (1 + w) (Schlemper et al. 2018, eq. 8); w is learned from `weight` on, by its
    logarithm, so that it stays positive.
    """

    key = "soft-consistency"

    def __init__(self, weight: float = 1.0):
        super().__init__()
        self.log_weight = nn.Parameter(torch.tensor(math.log(weight)))

    def forward(self, x: Tensor, measurement: Tensor, physics: Operator) -> Tensor:
        """Mix what was measured in."""
        share = torch.sigmoid(self.log_weight)
        return x + share * physics.adjoint(measurement - checked(physics).A(x))


class ConjugateGradient(nn.Module):
    """Solve (A* A + w) z = A* y + w x for any linear operator: argmin |A z - y|^2 + w |z - x|^2.

    MoDL's layer (Aggarwal et al. 2019, eq. 11): at most `steps` conjugate gradients, ended for each case where the
    residual falls below `tolerance` of the right side. w is learned from `weight` on, by its logarithm: a negative one
    would ask for the opposite of the network's image. The backward pass solves the same system for the gradient (eq. 18
    there), so no step is stored; operators are constants to it. That is the gradient only where the steps reach the
    solution, so w is to be seen beside the eigenvalues of A* A: at most 1 for k-space, but 500 to 1 in a sinogram,
    where few steps give a gradient of any direction; `SinogramConsistency` is for those.
    """

    key = "conjugate-gradient"

    def __init__(self, weight: float = 0.05, steps: int = 10, tolerance: float = 1e-6):
        super().__init__()
        self.log_weight = nn.Parameter(torch.tensor(math.log(weight)))
        self.steps, self.tolerance = steps, tolerance

    def forward(self, x: Tensor, measurement: Tensor, physics: Operator) -> Tensor:
        """Solve for the image."""
        # the same system for the way from x: few steps then leave x as it is where they do not reach
        right = physics.adjoint(measurement - physics.A(x))
        change: Tensor = _Solve.apply(right, self.log_weight.exp(), physics, self.steps, self.tolerance)
        return x + change


def checked(physics: Operator) -> Operator:
    """Refuse an operator whose rows are not orthonormal."""
    if not getattr(physics, "tight", False):
        raise ValueError(f"the rows of {type(physics).__name__} are not orthonormal: use ConjugateGradient")
    return physics


def conjugate_gradient(
    physics: Operator, right: Tensor, weight: Tensor | float, steps: int, tolerance: float = 0.0
) -> Tensor:
    """Solve (A* A + weight) z = right from zero, each case of the batch by itself (Hestenes and Stiefel 1952)."""
    solved, residual, direction = torch.zeros_like(right), right, right
    energy = power(residual)
    least = tolerance**2 * energy
    for _ in range(steps):
        active = energy > least
        if not bool(active.any()):
            break
        applied = physics.adjoint(physics.A(direction)) + weight * direction
        length = torch.where(active, energy / inner(direction, applied).clamp_min(torch.finfo(energy.dtype).tiny), 0)
        solved, residual = solved + length * direction, residual - length * applied
        fresh = power(residual)
        turn = torch.where(active, fresh / energy.clamp_min(torch.finfo(energy.dtype).tiny), 0)
        direction, energy = residual + turn * direction, fresh
    return solved


def inner(a: Tensor, b: Tensor) -> Tensor:
    """Real part of each case's inner product, shaped to multiply images."""
    product = (a * b.conj()).real if a.is_complex() else a * b
    return product.sum(tuple(range(1, a.ndim)), keepdim=True)


def power(a: Tensor) -> Tensor:
    """Each case's squared norm."""
    return inner(a, a)


class _Solve(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, right: Tensor, weight: Tensor, physics: Operator, steps: int, tolerance: float) -> Tensor:
        solved = conjugate_gradient(physics, right, weight, steps, tolerance)
        context.save_for_backward(solved, weight)
        context.rest = physics, steps, tolerance
        return solved

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        solved, weight = context.saved_tensors
        back = _Solve.apply(gradients[0], weight, *context.rest)
        return back, -inner(back, solved).sum().to(weight.dtype), None, None, None
