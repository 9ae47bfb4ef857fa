"""Multi-scale structural similarity of a pair; its mean over pairs of made images measures diversity."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, avg_pool3d

from adversaria.metrics.ssim import banded_mean, check, contrast_structure, gaussian, similarity

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(x: Tensor, y: Tensor, data_range: float, scales: int = 5, sigma: float = 1.5, window: int = 11) -> Tensor:
    """Multi-scale structural similarity (B,) of images (B, C, H, W) or volumes (B, C, H, W, D), in [0, 1].

    Wang, Simoncelli and Bovik 2003, eq. 7: contrast and structure at every scale, luminance at the last,
    each to the power of its published weight; the image is halved by means of 2 voxels an axis in between.
    The weights sum to 1.0001 and are used as they are; with fewer `scales` the first ones are divided by
    their sum. Negative means count as 0, without a gradient. Windows as in `ssim`. Differentiable. ValueError:
    an axis shorter than the window at the last scale.
    """
    check(x, y, data_range, window)
    most = scales_of(min(x.shape[2:]), window)
    if not 1 <= scales <= min(most, len(WEIGHTS)):
        raise ValueError(f"{tuple(x.shape[2:])} has room for {most} scales of a window of {window}, not for {scales}")
    filter_, powers = gaussian(sigma, window), weights_of(scales)
    x, y = (image.to(torch.promote_types(image.dtype, torch.float32)) for image in (x, y))
    halve = avg_pool2d if x.ndim == 4 else avg_pool3d
    product = torch.ones((), dtype=x.dtype, device=x.device)
    for scale, power in enumerate(powers):
        last = scale == scales - 1
        mean = banded_mean(x, y, data_range, filter_, similarity if last else contrast_structure)
        positive = mean > 0
        # a root has no slope at 0: what counts as 0 is kept out of it
        product = product * torch.where(positive, torch.where(positive, mean, 1.0) ** power, 0.0)
        if not last:
            x, y = halve(x, 2), halve(y, 2)
    return product


def scales_of(side: int, window: int = 11) -> int:
    """How many scales, at most five, an image has room for whose shortest side is `side`."""
    return sum(side // 2**scale >= window for scale in range(len(WEIGHTS)))


def weights_of(scales: int) -> list[float]:
    """The published weights, or the first of them divided by their sum."""
    chosen = WEIGHTS[:scales]
    total = 1.0 if scales == len(WEIGHTS) else sum(chosen)
    return [weight / total for weight in chosen]
