"""Where something is to be drawn: boxes, points, and the spatial transformer between a box and the image."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def boxes_of(mask: Tensor) -> Tensor:
    """Give the smallest box around each mask (B, 1, *S): first and one past the last voxel of each axis, (B, dims, 2).

    An empty mask gives the whole image.
    """
    found = []
    for axis in range(2, mask.ndim):
        shown = (mask > 0).movedim(axis, 1).flatten(2).any(2)
        side = shown.shape[1]
        places = torch.arange(side, device=mask.device)
        first = torch.where(shown, places, side).amin(1)
        last = torch.where(shown, places + 1, 0).amax(1)
        empty = ~shown.any(1)
        found.append(torch.stack([first.masked_fill(empty, 0), last.masked_fill(empty, side)], 1))
    return torch.stack(found, 1)


def box_maps(boxes: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Draw boxes (B, dims, 2) as maps of 1 inside and 0 outside: (B, 1, *S)."""
    inside = torch.ones(len(boxes), 1, *shape, device=boxes.device)
    for axis, side in enumerate(shape):
        places = torch.arange(side, device=boxes.device)
        flags = (places >= boxes[:, axis, :1]) & (places < boxes[:, axis, 1:])
        inside = inside * flags.view(-1, 1, *[side if k == axis else 1 for k in range(len(shape))])
    return inside


def point_maps(points: Tensor, cells: int) -> Tensor:
    """Draw K points (B, K, dims), in [0, 1) of each axis, as K maps of `cells` cells a side with one 1 each.

    A point outside [0, 1) is absent: its map is 0.
    """
    batch, count, dims = points.shape
    there = ((points >= 0) & (points < 1)).all(2)
    cell = (points.clamp(0, 1) * cells).long().clamp_max(cells - 1)
    flat = torch.zeros_like(cell[:, :, 0])
    for axis in range(dims):
        flat = flat * cells + cell[:, :, axis]
    maps = torch.zeros(batch, count, cells**dims, device=points.device, dtype=points.dtype)
    return maps.scatter(2, flat[:, :, None], there[:, :, None].to(points.dtype)).view(batch, count, *[cells] * dims)


def _grid(low: Tensor, step: Tensor, shape: tuple[int, ...], size: Tensor) -> Tensor:
    """Places low + step k of a grid (B, *shape, dims), in the coordinates of `grid_sample` for an image of `size`."""
    axes = []
    for axis, side in enumerate(shape):
        at = low[:, axis, None] + step[:, axis, None] * torch.arange(side, device=low.device, dtype=low.dtype)
        scaled = (2 * at + 1) / size[axis] - 1
        axes.append(scaled.view(-1, *[side if k == axis else 1 for k in range(len(shape))]).expand(-1, *shape))
    return torch.stack(axes[::-1], -1)


def crop(image: Tensor, boxes: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Resample what lies in each box (B, dims, 2) to `shape`: a spatial transformer (Jaderberg et al. 2015)."""
    low, high = boxes[..., 0].to(image.dtype), boxes[..., 1].to(image.dtype)
    wanted = torch.tensor(shape, device=image.device, dtype=image.dtype)
    step = (high - low) / wanted
    size = torch.tensor(image.shape[2:], device=image.device, dtype=image.dtype)
    return grid_sample(image, _grid(low + step / 2 - 0.5, step, shape, size), "bilinear", "border", align_corners=False)


def paste(patch: Tensor, boxes: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Resample a patch into each box of an image of `shape`; 0 outside the box. The inverse of `crop`."""
    low, high = boxes[..., 0].to(patch.dtype), boxes[..., 1].to(patch.dtype)
    size = torch.tensor(patch.shape[2:], device=patch.device, dtype=patch.dtype)
    step = size / (high - low).clamp_min(1)
    at = _grid((0.5 - low) * step - 0.5, step, shape, size)
    return grid_sample(patch, at, "bilinear", "border", align_corners=False) * box_maps(boxes, shape).to(patch.dtype)
