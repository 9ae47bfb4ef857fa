"""Volumes as images whose channels are neighbouring slices."""

import torch
from torch import Tensor


def neighbours(volume: Tensor, count: int) -> Tensor:
    """Every slice of (B, C, H, W, D) with the `count` - 1 around it as channels: (B D, C count, H, W).

    `count` is odd; beyond both ends the last slice is repeated.
    """
    depth, around = volume.shape[-1], count // 2
    places = torch.arange(depth, device=volume.device)
    near = [volume.index_select(-1, (places + k).clamp(0, depth - 1)) for k in range(-around, around + 1)]
    return torch.stack(near, 2).flatten(1, 2).movedim(-1, 1).flatten(0, 1)


def slabs(volume: Tensor, count: int) -> Tensor:
    """Every `count` neighbouring slices of (B, C, H, W, D) as channels: (B (D - count + 1), C count, H, W)."""
    return volume.unfold(-1, count, 1).movedim(4, 1).movedim(-1, 3).flatten(2, 3).flatten(0, 1)


def stacked(images: Tensor, batch: int) -> Tensor:
    """Put images (B D, C, H, W) back into volumes (B, C, H, W, D)."""
    return images.unflatten(0, (batch, -1)).movedim(1, -1)
