"""M14: visual information fidelity, the multi-scale form in the pixel domain."""

import math

import torch
from torch import Tensor

from adversaria.metrics.ssim import BLOCK, gaussian, local_mean

NOISE = 2.0  # variance of the visual noise on the scale 0..255
SMALLEST = 41
TINY = 1e-10


def vif(x: Tensor, y: Tensor, noise: float = NOISE) -> Tensor:
    """Information fidelity (B,) of images `x` (B, C, H, W) of the references `y`, on the scale 0..255.

    Sheikh and Bovik 2006 (named after the preprint of 2004) in the pixel domain: at each of 4 scales
    x = g y + v is fitted in Gaussian windows of 17, 9, 5, 3 pixels (sd a fifth), fully covered; between
    scales the images are filtered with the next window and halved. The value is
    sum log(1 + g^2 s_y^2 / (s_v^2 + noise)) / sum log(1 + s_y^2 / noise). It is above 1 where contrast was
    raised, is not symmetric, and is not a number for a constant reference. Differentiable.
    """
    if x.shape != y.shape or x.ndim != 4 or min(x.shape[2:]) < SMALLEST:
        raise ValueError(f"VIF compares two images of at least {SMALLEST} pixels a side, not {tuple(x.shape)}")
    x, y = (image.to(torch.promote_types(image.dtype, torch.float32)) for image in (x, y))
    kept = total = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    for scale in range(4):
        window = 2 ** (4 - scale) + 1
        weights = gaussian(window / 5, window)
        if scale:
            x, y = (local_mean(image, weights)[..., ::2, ::2] for image in (x, y))
        some, all_ = _information(x, y, weights, noise)
        kept, total = kept + some, total + all_
    return kept / total


def _information(x: Tensor, y: Tensor, weights: list[float], noise: float) -> tuple[Tensor, Tensor]:
    """Information at one scale (B,) of the image and of the reference, band by band."""
    rows = x.shape[2] - len(weights) + 1
    differentiated = torch.is_grad_enabled() and (x.requires_grad or y.requires_grad)
    height = rows if differentiated else min(rows, math.ceil(rows * BLOCK / x.numel()))
    found = []
    for first in range(0, rows, height):
        reach = min(height, rows - first) + len(weights) - 1
        found.append(_band(x.narrow(2, first, reach), y.narrow(2, first, reach), weights, noise))
    return sum(a for a, _ in found), sum(b for _, b in found)  # type: ignore[return-value]


def _band(x: Tensor, y: Tensor, weights: list[float], noise: float) -> tuple[Tensor, Tensor]:
    # one shift for both keeps the digits of a small contrast on a high level
    middle = y.detach().mean()
    x, y = x - middle, y - middle
    mu_x, mu_y = local_mean(x, weights), local_mean(y, weights)
    var_x = (local_mean(x * x, weights) - mu_x * mu_x).clamp(min=0)
    var_y = (local_mean(y * y, weights) - mu_y * mu_y).clamp(min=0)
    cov = local_mean(x * y, weights) - mu_x * mu_y
    even = (var_x < TINY) | (var_y < TINY) | (cov < 0)
    gain = torch.where(even, 0.0, cov / (var_y + TINY))
    rest = torch.where(even, var_x, var_x - gain * cov).clamp(min=TINY)
    kept = torch.log1p(gain * gain * var_y / (rest + noise))
    return kept.flatten(1).sum(1), torch.log1p(var_y / noise).flatten(1).sum(1)
