"""L17: fidelity where an image is salient."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from adversaria.losses.pixel import checked, distance
from adversaria.metrics.ssim import local_mean
from adversaria.vocabulary import UserError


class Saliency(nn.Module):
    """Saliency-map loss, L17 of the review: mean (Sal(output) - Sal(target))^2 (after Mahapatra et al. 2017).

    Sal is `local_entropy`, with its arguments; the paper's own filter is not published, this one is ours. It has
    a gradient, through the shares of grey levels; values outside `value_range` have none.
    """

    key = "L17"

    def __init__(self, value_range: tuple[float, float] = (-1.0, 1.0), bins: int = 16, window: int = 9):
        super().__init__()
        self.value_range, self.bins, self.window = value_range, bins, window

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        return distance(self.look(output), self.look(target), 2)

    def look(self, image: Tensor) -> Tensor:
        """Give the map (B, C, *S)."""
        return local_entropy(image, self.value_range, self.bins, self.window)


class SaliencyWeighted(Saliency):
    """Fidelity weighted by saliency, L17 of the review: sum Sal |output - target|^power / sum Sal, Sal of the target.

    Sal is that of `Saliency`, taken on the target alone and so without a gradient. Where it is the same everywhere
    this is L2; a target of one grey level has none, and the term is 0.
    """

    key = "L17-weight"

    def __init__(self, value_range: tuple[float, float] = (-1.0, 1.0), bins: int = 16, window: int = 9, power: int = 2):
        super().__init__(value_range, bins, window)
        self.power = checked(power)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        with torch.no_grad():
            weight = self.look(target)
        return distance(output, target, self.power, weight)


def local_entropy(
    image: Tensor, value_range: tuple[float, float] = (-1.0, 1.0), bins: int = 16, window: int = 9
) -> Tensor:
    """Entropy of the grey levels around every voxel, (B, C, *S), 0 (one level) to 1 (all alike), differentiable.

    The image is abstracted first: each voxel becomes the mean of its 3 x 3 (x 3) neighbourhood. A value in
    `value_range` then counts for the two nearest of `bins` levels, in proportion to its nearness; the shares are those
    in a square or cube of `window` voxels. Vessels, having two levels in a window, stand out of their ground. The
    image is mirrored at its border. UserError: a range without width, fewer than two bins, an even window.
    """
    low, high = value_range
    if not high > low or bins < 2 or window % 2 == 0:
        raise UserError(
            f"no saliency with range {value_range}, {bins} bins and a window of {window}.",
            "Give a range (low, high), at least two bins and an odd window.",
        )
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    level = (_mirrored_mean(image, 3).clamp(low, high) - low) / (high - low) * (bins - 1)
    entropy = torch.zeros_like(level)
    for k in range(bins):
        share = _mirrored_mean((1 - (level - k).abs()).clamp(min=0), window)
        # p log p has slope -infinity at 0, where no voxel is near the level and none moves it
        entropy = entropy - share * torch.where(share > 0, share, 1.0).log()
    return entropy / math.log(bins)


def _mirrored_mean(image: Tensor, window: int) -> Tensor:
    margin = window // 2
    padded = pad(image, [margin] * 2 * (image.ndim - 2), "reflect")
    return local_mean(padded, [1 / window] * window)
