"""Spatial transformer: warping an image by a field of displacements in mm."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def places(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Voxel indices of a grid (1, dims, *S)."""
    axes = [torch.arange(side, dtype=like.dtype, device=like.device) for side in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None]


def warp(moving: Tensor, flow: Tensor, spacing: Tensor | None = None, mode: str = "bilinear") -> Tensor:
    """Give moving(x + flow(x)) on the grid of `flow`, linearly interpolated (Jaderberg et al. 2015, eq. 5).

    `moving` (B, C, *S); `flow` (B, dims, *S) in mm, components in the order of the axes; `spacing` (B, dims) mm,
    1 mm where none is given. Beyond the border the outer voxels are repeated. `mode` "nearest" is for labels.
    """
    size = tuple(moving.shape[2:])
    voxels = flow if spacing is None else flow / spacing.view(*spacing.shape, *[1] * len(size)).to(flow.dtype)
    at = places(size, flow) + voxels
    last = torch.tensor([max(side - 1, 1) for side in size], dtype=flow.dtype, device=flow.device)
    scaled = 2 * at.movedim(1, -1) / last - 1
    return grid_sample(moving.to(flow.dtype), scaled.flip(-1), mode, "border", align_corners=True)


def affine_flow(numbers: Tensor, shape: tuple[int, ...], spacing: Tensor | None = None) -> Tensor:
    """Turn 12 numbers (6 in 2D), rows of (A | t), into a field x -> A x + t - x in mm about the centre of the grid.

    `numbers` (B, dims (dims + 1)); t is in mm. Gives (B, dims, *S).
    """
    dims = len(shape)
    matrix = numbers.view(-1, dims, dims + 1)
    centre = torch.tensor([(side - 1) / 2 for side in shape], dtype=numbers.dtype, device=numbers.device)
    from_centre = (places(shape, numbers)[0].movedim(0, -1) - centre).reshape(1, -1, dims)
    if spacing is not None:
        from_centre = from_centre * spacing[:, None].to(numbers.dtype)
    moved = from_centre @ matrix[:, :, :dims].mT + matrix[:, None, :, dims]
    return (moved - from_centre).mT.reshape(len(numbers), dims, *shape)


def roughness(flow: Tensor, spacing: Tensor | None = None) -> Tensor:
    """Mean squared gradient of a field (B, dims, *S) in mm: over components and axes summed, over voxels averaged."""
    total = flow.new_zeros(())
    for axis in range(flow.ndim - 2):
        step = flow.diff(dim=axis + 2)
        if spacing is not None:
            step = step / spacing[:, axis].view(-1, *[1] * (flow.ndim - 1)).to(flow.dtype)
        total = total + step.square().sum(1).mean()
    return total
