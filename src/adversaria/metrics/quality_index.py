"""M15: universal quality index."""

import math

import torch
from torch import Tensor

from adversaria.metrics.ssim import BLOCK

WINDOW = 8


def uqi(x: Tensor, y: Tensor) -> Tensor:
    """Universal quality index (B,) of images (B, C, H, W) or volumes (B, C, H, W, D), in [-1, 1].

    Wang and Bovik 2002: 4 s_xy mu_x mu_y / ((s_x^2 + s_y^2)(mu_x^2 + mu_y^2)), averaged over all windows
    of 8 voxels an axis. A window in which both images are constant has its mean factor alone,
    2 mu_x mu_y / (mu_x^2 + mu_y^2), and 1 where both are zero; where both means are zero it has the rest
    alone. Constant is a variance below what double precision resolves, in which it is computed.
    """
    if x.shape != y.shape or x.ndim not in (4, 5) or min(x.shape[2:]) < WINDOW:
        raise ValueError(f"UQI compares two images of at least {WINDOW} voxels a side, not {tuple(x.shape)}")
    rows = x.shape[2] - WINDOW + 1
    differentiated = torch.is_grad_enabled() and (x.requires_grad or y.requires_grad)
    height = rows if differentiated else min(rows, math.ceil(rows * BLOCK / x.numel()))
    means = []
    for first in range(0, rows, height):
        share = min(height, rows - first)
        pair = [image.narrow(2, first, share + WINDOW - 1).double() for image in (x, y)]
        means.append(_map(*pair).flatten(1).mean(1) * (share / rows))
    return torch.stack(means).sum(0)


def _map(x: Tensor, y: Tensor) -> Tensor:
    mu_x, mu_y, energy, cross = (_box(z) for z in (x, y, x * x + y * y, x * y))
    means = mu_x * mu_x + mu_y * mu_y
    product = mu_x * mu_y
    variances, covariance = energy - means, cross - product
    even, dark = variances <= 1e-13 * energy, means == 0
    structure = torch.where(even, 1.0, 2 * covariance / torch.where(even, 1.0, variances))
    return structure * torch.where(dark, 1.0, 2 * product / torch.where(dark, 1.0, means))


def _box(image: Tensor) -> Tensor:
    """Mean over windows of 8 along every axis: sums of 2, of those 2, and again."""
    for axis in range(2, image.ndim):
        for step in (1, 2, 4):
            length = image.shape[axis] - step
            image = image.narrow(axis, 0, length) + image.narrow(axis, step, length)
    return image / WINDOW ** (image.ndim - 2)
