"""Normalised cross correlation, of whole images and in windows: kernels that measures and terms share."""

import torch
from torch import Tensor

from adversaria.metrics.ssim import along


def correlation(x: Tensor, y: Tensor, floor: float = 0.0) -> Tensor:
    """Pearson's correlation (B,) over everything but the batch, in [-1, 1], in single precision at least.

    `floor` is added to the product of the two mean squares under the root, so that constant images give 0 with a
    finite gradient; without it they give NaN. ValueError: shapes that differ.
    """
    x, y = (_deviations(image) for image in _pair(x, y))
    covariance, variances = (x * y).mean(1), x.square().mean(1) * y.square().mean(1)
    return covariance / (variances + floor).sqrt()


def local_correlation(x: Tensor, y: Tensor, window: int = 9, floor: float = 1e-5) -> Tensor:
    """Squared correlation in every window that lies inside: (B, C, *S) to (B, C, *(S - window + 1)), in [0, 1].

    cov(x, y)^2 / (var x var y) over cubes of `window` voxels, as VoxelMorph maximises (Balakrishnan et al. 2019).
    `floor` is added to the denominator (of sums over the window, as there). Means of a window are one pass
    along each axis, so that the cost grows with 3 `window`, not its cube. ValueError: shapes that differ, an axis
    shorter than the window.
    """
    x, y = _pair(x, y)
    if min(x.shape[2:]) < window or window < 1:
        raise ValueError(f"a window of {window} does not fit into {tuple(x.shape[2:])}")
    # squares of values far from 0 lose their digits, and a shift changes no correlation
    x, y = (image - image.detach().mean(dim=tuple(range(1, image.ndim)), keepdim=True) for image in (x, y))
    sum_x, sum_y, squares_x, squares_y, products = _sums([x, y, x * x, y * y, x * y], window)
    count = window ** (x.ndim - 2)
    cross = products - sum_x * sum_y / count
    variances = (squares_x - sum_x * sum_x / count).clamp(min=0) * (squares_y - sum_y * sum_y / count).clamp(min=0)
    return cross * cross / (variances + floor)


def _sums(images: list[Tensor], window: int) -> list[Tensor]:
    stacked = torch.stack(images)
    for axis in range(3, stacked.ndim):
        stacked = along(stacked, [1.0] * window, axis)
    return list(stacked)


def _pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if x.shape != y.shape:
        raise ValueError(f"cannot compare {tuple(x.shape)} with {tuple(y.shape)}")
    kind = torch.promote_types(torch.promote_types(x.dtype, y.dtype), torch.float32)
    return x.to(kind), y.to(kind)


def _deviations(image: Tensor) -> Tensor:
    image = image.flatten(1)
    return image - image.mean(1, keepdim=True)
