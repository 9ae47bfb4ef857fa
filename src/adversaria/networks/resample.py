"""Twice as large, half as large."""

from torch import Tensor
from torch.nn.functional import avg_pool2d, avg_pool3d, interpolate


def doubled(value: Tensor, times: int = 1) -> Tensor:
    """Repeat every pixel of (B, C, *S) in each direction, `times` times over (nearest neighbour)."""
    return interpolate(value, scale_factor=float(2**times), mode="nearest") if times else value


def halved(value: Tensor, times: int = 1) -> Tensor:
    """Average blocks of 2**times pixels in each direction of (B, C, *S)."""
    if not times:
        return value
    return (avg_pool2d if value.ndim == 4 else avg_pool3d)(value, 2**times)
