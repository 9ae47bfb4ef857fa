"""The modality independent neighbourhood descriptor: an image told by how alike its own neighbourhoods are."""

from collections.abc import Iterable
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
    found = _patch_distances(image, dict.fromkeys([*wanted, *near]), margin, weights)
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


def _patch_distances(
    image: Tensor, offsets: Iterable[Offset], margin: int, weights: list[float]
) -> dict[Offset, Tensor]:
    """D_P for each offset, inside the rim: the distance to x - r is that from x - r to it, so half are views."""
    found: dict[Offset, Tensor] = {}
    length = [side - 2 * margin - len(weights) + 1 for side in image.shape[2:]]
    for offset in offsets:
        if offset in found:
            continue
        first, second, inside, behind = image, image, [], []
        for axis, step in enumerate(offset):
            # wider than the inside by the step, so that x - r has its distance too
            lead = abs(step)
            size = image.shape[axis + 2] - 2 * margin + lead
            start = margin - max(step, 0)
            first, second = first.narrow(axis + 2, start, size), second.narrow(axis + 2, start + step, size)
            inside.append(max(step, 0))
            behind.append(max(-step, 0))
        distance = (second - first).square()
        for axis in range(2, image.ndim):
            distance = along(distance, weights, axis)
        found[offset] = _part(distance, inside, length)
        found[tuple(-step for step in offset)] = _part(distance, behind, length)
    return found


def _part(image: Tensor, start: list[int], length: list[int]) -> Tensor:
    for axis, (first, size) in enumerate(zip(start, length, strict=True), start=2):
        image = image.narrow(axis, first, size)
    return image


def _guarded(variance: Tensor) -> Tensor:
    """Keep 0 / 0 of a flat place out: it has all distances 0 and so all entries 1."""
    return torch.where(variance > 0, variance, torch.ones_like(variance))
