"""Structural similarity: the kernel that the metric M13 and the term L9 share.

Five local means would do; four are taken, because only the sum of the two variances is needed. A mean is
one pass of shifted multiply-adds along each axis: convolutions of one channel are many times slower, and
on some devices round to fewer digits.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Map = Callable[[Tensor, Tensor, float, list[float]], Tensor]
BLOCK = 2**18  # voxels worked on at once: a few maps of them fit into a processor's cache


def ssim(x: Tensor, y: Tensor, data_range: float, sigma: float = 1.5, window: int = 11) -> Tensor:
    """Mean structural similarity (B,) of images (B, C, H, W) or volumes (B, C, H, W, D), in [-1, 1].

    Wang et al. 2004, eq. 13, with K1 = 0.01, K2 = 0.03, weighted population variances and Gaussian
    windows (`window` voxels along every axis). Windows that reach over the border are left out: the mean
    runs over the map of `ssim_map` without a rim of `window // 2`, and over the channels. That is what
    scikit-image's `structural_similarity` returns for `gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False`. torchmetrics keeps the rim, computed on an image mirrored about the
    centre of its outer voxels, and so gives another value.

    `data_range` is the largest possible value minus the smallest, in the unit of the images; it is never
    guessed. Differentiable. The result is in single precision at least. ValueError: shapes that differ or
    are not images, an axis shorter than the window, an even window, a data range that is not positive.
    """
    check(x, y, data_range, window)
    weights = gaussian(sigma, window)
    samples = max(1, BLOCK // x[:1].numel())
    pairs = zip(x.split(samples), y.split(samples), strict=True)
    return torch.cat([banded_mean(a, b, data_range, weights, similarity) for a, b in pairs])


def ssim_map(x: Tensor, y: Tensor, data_range: float, sigma: float = 1.5, window: int = 11) -> Tensor:
    """Structural similarity at every voxel: (B, C, *S) in, (B, C, *S) out; see `ssim`.

    Beyond the border the images are mirrored with the outer voxels repeated, as scikit-image does.
    """
    check(x, y, data_range, window)
    margin = window // 2
    return similarity(_mirrored(x, margin), _mirrored(y, margin), data_range, gaussian(sigma, window))


def check(x: Tensor, y: Tensor, data_range: float, window: int) -> None:
    """Refuse what cannot be compared."""
    if x.shape != y.shape or x.ndim not in (4, 5):
        raise ValueError(f"SSIM compares two images (B, C, *S), not {tuple(x.shape)} and {tuple(y.shape)}")
    if not (math.isfinite(data_range) and data_range > 0):
        raise ValueError(f"SSIM needs a positive data range, not {data_range}")
    if window % 2 == 0 or window < 1 or min(x.shape[2:]) < window:
        raise ValueError(f"the SSIM window, {window}, must be odd and fit into every axis of {tuple(x.shape[2:])}")


def gaussian(sigma: float, window: int) -> list[float]:
    """Weights of a Gaussian window, summing to one."""
    weights = [math.exp(-((k - window // 2) ** 2) / (2 * sigma**2)) for k in range(window)]
    return [w / sum(weights) for w in weights]


def banded_mean(x: Tensor, y: Tensor, data_range: float, weights: list[float], map_of: Map) -> Tensor:
    """Mean of a map (B,), taken band by band along the first axis where no gradient is asked for."""
    rows = x.shape[2] - len(weights) + 1
    differentiated = torch.is_grad_enabled() and (x.requires_grad or y.requires_grad)
    height = rows if differentiated else min(rows, math.ceil(rows * BLOCK / x.numel()))
    means = []
    for first in range(0, rows, height):
        share = min(height, rows - first)
        reach = share + len(weights) - 1
        band = map_of(x.narrow(2, first, reach), y.narrow(2, first, reach), data_range, weights)
        means.append(band.flatten(1).mean(1) * (share / rows))
    return torch.stack(means).sum(0)


def similarity(x: Tensor, y: Tensor, data_range: float, weights: list[float]) -> Tensor:
    """The map of structural similarity at the windows that lie inside the image."""
    mu_x, mu_y, variances, covariance = _moments(x, y, data_range, weights)
    luminance = (2 * mu_x * mu_y + 1e-4) / (mu_x * mu_x + mu_y * mu_y + 1e-4)
    return luminance * (2 * covariance + 9e-4) / (variances + 9e-4)


def contrast_structure(x: Tensor, y: Tensor, data_range: float, weights: list[float]) -> Tensor:
    """The map without its luminance factor."""
    _, _, variances, covariance = _moments(x, y, data_range, weights)
    return (2 * covariance + 9e-4) / (variances + 9e-4)


def _moments(x: Tensor, y: Tensor, data_range: float, weights: list[float]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Local means, sum of local variances, local covariance, of images divided by the range."""
    x, x_mean = _centred(x, data_range)
    y, y_mean = _centred(y, data_range)
    mu_x, mu_y = local_mean(x, weights), local_mean(y, weights)
    variances = local_mean(x * x + y * y, weights) - (mu_x * mu_x + mu_y * mu_y)
    covariance = local_mean(x * y, weights) - mu_x * mu_y
    return mu_x + x_mean, mu_y + y_mean, variances, covariance


def _centred(image: Tensor, data_range: float) -> tuple[Tensor, Tensor]:
    """Divide by the range and take the mean off: variances of Hounsfield units would lose their digits."""
    image = image.to(torch.promote_types(image.dtype, torch.float32)) / data_range
    mean = image.detach().mean(dim=tuple(range(1, image.ndim)), keepdim=True)
    return image - mean, mean


def _mirrored(image: Tensor, margin: int) -> Tensor:
    for axis in range(2, image.ndim):
        inside = torch.arange(image.shape[axis], device=image.device)
        rim = [inside[:margin].flip(0), inside, inside[len(inside) - margin :].flip(0)]
        image = image.index_select(axis, torch.cat(rim))
    return image


def local_mean(image: Tensor, weights: list[float]) -> Tensor:
    """Weighted mean of the neighbours along every spatial axis, where all of them lie inside the image."""
    for axis in range(2, image.ndim):
        image = along(image, weights, axis)
    return image


def along(image: Tensor, weights: list[float], axis: int) -> Tensor:
    """Weighted sum of the neighbours along one axis, where all of them lie inside the image."""
    return _Slide.apply(image, weights, axis)


class _Slide(torch.autograd.Function):
    """Weighted sums of neighbours along one axis, and their adjoint.

    Left to itself, autograd would pad and add one full image for every neighbour.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, weights: list[float], axis: int) -> Tensor:
        ctx.weights, ctx.axis = weights, axis
        length = image.shape[axis] - len(weights) + 1
        total = image.narrow(axis, 0, length) * weights[0]
        for offset, weight in enumerate(weights[1:], 1):
            total.add_(image.narrow(axis, offset, length), alpha=weight)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        shape = list(gradient.shape)
        length = shape[ctx.axis]
        shape[ctx.axis] += len(ctx.weights) - 1
        total = gradient.new_zeros(shape)
        for offset, weight in enumerate(ctx.weights):
            total.narrow(ctx.axis, offset, length).add_(gradient, alpha=weight)
        return total, None, None
