"""L13: the answers of a bank of oriented filters."""

import math

import torch
from torch import Tensor, nn

from adversaria.metrics.ssim import along


class SteerableFilters(nn.Module):
    """Steerable-filter loss, L13 of the review: sum_k mean rho(f_k * output - f_k * target) (Olut et al. 2018).

    f_k is the second derivative of a Gaussian of `sigma` voxels, steered to direction k (Freeman and Adelson
    1991): it answers to tubes across it. In 2D there are `orientations` K directions k pi / K; in 3D as many,
    spread over the half sphere. rho is Huber's function, quadratic up to `delta`. The filters sum
    to zero and are turned after three (2D) or six (3D) separable passes over the difference of the two images. A rim
    of ceil(3 sigma) voxels is left out. With `weight` (B, 1, *S), a mask of vessels perhaps, the mean is weighted.
    ValueError: an image smaller than the filter.
    """

    key = "L13"

    def __init__(self, orientations: int = 20, sigma: float = 1.5, delta: float = 1.0):
        super().__init__()
        self.orientations, self.sigma, self.delta = orientations, sigma, delta

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        if output.shape != target.shape:
            raise ValueError(f"cannot compare {tuple(output.shape)} with {tuple(target.shape)}")
        difference = output.to(torch.promote_types(output.dtype, torch.float32)) - target
        cost = huber(self.respond(difference), self.delta)
        if weight is None:
            return cost.flatten(1).mean(1).sum()
        margin = math.ceil(3 * self.sigma)
        for axis in range(2, weight.ndim):
            weight = weight.narrow(axis, margin, weight.shape[axis] - 2 * margin)
        weight = weight.to(cost.dtype).expand(cost.shape[1:])
        return (weight * cost).sum() / weight.sum().clamp_min(torch.finfo(cost.dtype).tiny)

    def respond(self, image: Tensor) -> Tensor:
        """The answers of all filters, (K, B, C, *(S - rim)); linear."""
        dims = image.ndim - 2
        smooth, first, second = derivatives(self.sigma)
        if min(image.shape[2:]) < len(smooth):
            raise ValueError(f"filters of {len(smooth)} voxels do not fit into {tuple(image.shape[2:])}")
        basis = []
        for a, b in pairs(dims):
            found = image
            for axis in range(dims):
                kernel = second if axis == a == b else first if axis in (a, b) else smooth
                found = along(found, kernel, axis + 2)
            basis.append(found)
        turn = steering(dims, self.orientations).to(image)
        return torch.einsum("kp,p...->k...", turn, torch.stack(basis))


def huber(value: Tensor, delta: float) -> Tensor:
    """d^2 / 2 up to `delta`, delta (|d| - delta / 2) beyond (Huber 1964)."""
    size = value.abs()
    return torch.where(size <= delta, value.square() / 2, delta * (size - delta / 2))


def derivatives(sigma: float) -> tuple[list[float], list[float], list[float]]:
    """A Gaussian of sum 1 and its first two derivatives, exact on 1, x and x^2 of the grid."""
    reach = math.ceil(3 * sigma)
    places = torch.arange(-reach, reach + 1, dtype=torch.float64)
    smooth = torch.exp(-(places**2) / (2 * sigma**2))
    smooth = smooth / smooth.sum()
    first = places * smooth
    first = first / (first * places).sum()
    second = (places**2 - (places**2 * smooth).sum()) * smooth
    second = 2 * second / (second * places**2).sum()
    return smooth.tolist(), first.tolist(), second.tolist()


def pairs(dims: int) -> list[tuple[int, int]]:
    """The axes of each second derivative."""
    return [(a, b) for a in range(dims) for b in range(a, dims)]


def steering(dims: int, count: int) -> Tensor:
    """How much of each second derivative each direction takes: (count, 3 or 6)."""
    direction = directions(dims, count)
    return torch.stack([direction[:, a] * direction[:, b] * (1 if a == b else 2) for a, b in pairs(dims)], 1)


def directions(dims: int, count: int) -> Tensor:
    """Unit vectors over half the circle, evenly, or half the sphere, on a spiral of equal areas: (count, dims)."""
    step = torch.arange(count, dtype=torch.float64)
    if dims == 2:
        angle = math.pi * step / count
        return torch.stack([angle.sin(), angle.cos()], 1)
    height, turn = (step + 0.5) / count, math.pi * (3 - math.sqrt(5)) * step
    radius = (1 - height**2).sqrt()
    return torch.stack([radius * turn.cos(), radius * turn.sin(), height], 1)
