"""The modality independent neighbourhood descriptor: an image told by how alike its own neighbourhoods are."""

from itertools import product

import torch
from torch import Tensor

from adversaria.metrics.ssim import along, gaussian

Offset = tuple[int, ...]


def mind(image: Tensor, reach: int = 0, patch: int = 3, sigma: float | None = None, floor: float = 1e-5) -> Tensor:
    """MIND (Heinrich et al. 2012): (B, C, *S) to (B, R, C, *(S - rim)), largest entry of a voxel 1.

    exp(-D_P(x, x + r) / V(x)): D_P is the squared difference of two patches of `patch` voxels a side, averaged (or
    weighted by a Gaussian of `sigma`), V the mean of D_P over the 4 or 6 nearest neighbours plus `floor`, in the
    square of the image's unit. R are those neighbours, or with `reach` n > 0 the whole square or cube of 2n + 1
    voxels but its centre. The rim, where a patch would leave the image, is left out: max(1, n) + patch // 2 on each
    side. a I + b has the descriptor of I for every a but 0, if the floor is 0. ValueError: an image that has nothing
    inside the rim, an even patch.
    """
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    dims = image.ndim - 2
    margin = max(1, reach)
    if patch % 2 == 0 or min(image.shape[2:]) < 2 * margin + patch:
        shape = tuple(image.shape[2:])
        raise ValueError(f"MIND of reach {reach} and patch {patch}, which must be odd, does not fit {shape}")
    weights = [1 / patch] * patch if sigma is None else gaussian(sigma, patch)
    near = nearest(dims)
    wanted = near if reach == 0 else region(dims, reach)
    found = {offset: _patch_distance(image, offset, margin, weights) for offset in dict.fromkeys(wanted + near)}
    variance = torch.stack([found[offset] for offset in near]).mean(0) + floor
    exponent = torch.stack([found[offset] for offset in wanted], 1) / _guarded(variance)[:, None]
    # taken off before the exponential, the smallest distance makes the largest entry 1 without a division
    return torch.exp(exponent.amin(1, keepdim=True) - exponent)


def nearest(dims: int) -> list[Offset]:
    """The 4 or 6 nearest neighbours."""
    return [tuple(sign * (k == axis) for k in range(dims)) for axis in range(dims) for sign in (1, -1)]


def region(dims: int, reach: int) -> list[Offset]:
    """All neighbours in a square or cube of `2 reach + 1` voxels but its centre."""
    return [offset for offset in product(range(-reach, reach + 1), repeat=dims) if any(offset)]


def _patch_distance(image: Tensor, offset: Offset, margin: int, weights: list[float]) -> Tensor:
    middle, moved = image, image
    for axis, step in enumerate(offset, start=2):
        length = image.shape[axis] - 2 * margin
        middle, moved = middle.narrow(axis, margin, length), moved.narrow(axis, margin + step, length)
    squared = (moved - middle).square()
    for axis in range(2, image.ndim):
        squared = along(squared, weights, axis)
    return squared


def _guarded(variance: Tensor) -> Tensor:
    """Keep 0 / 0 of a flat place out: it has all distances 0 and so all entries 1."""
    return torch.where(variance > 0, variance, torch.ones_like(variance))
