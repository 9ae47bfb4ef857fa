"""How sharp an image is at every place, by local binary patterns."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from adversaria.physics.operator import Operator


class SharpnessMap(Operator):
    """Local sharpness by binary patterns (Yi and Eramian 2016): the share of non-flat patterns around a pixel, 0 to 1.

    Each pixel's 8 neighbours on a circle of radius 1 give a bit each, 1 where they differ from it by more than
    `threshold`, in the image's unit. With at most two changes around the circle the pattern is the count of its 1s,
    else 9 (rotation invariant uniform patterns). Blurred places have few 1s: the map is the share of patterns 6 to 9
    in a square of `window` pixels, the border mirrored. Values are first clipped to `value_range`, if a network
    is to see no others. x (B, C, *S) keeps its shape; volumes are taken slice by slice. Not linear, and without a
    gradient. ValueError: an even window.
    """

    key = "sharpness-map"
    by_slice = True

    def __init__(self, threshold: float = 0.016, window: int = 21, value_range: tuple[float, float] | None = None):
        super().__init__()
        if window % 2 == 0:
            raise ValueError(f"the window of a sharpness map is odd, not {window}")
        self.threshold, self.window, self.value_range = threshold, window, value_range

    def measure(self, x: Tensor, spacing: float, random: Any) -> Tensor:
        """Map an image; nothing is drawn."""
        if x.ndim == 5:
            return torch.stack([self.measure(x[..., k], spacing, random) for k in range(x.shape[-1])], -1)
        if self.value_range is not None:
            x = x.clamp(*self.value_range)
        sharp = (patterns(x, self.threshold) >= 6).to(x.dtype)
        margin = self.window // 2
        return avg_pool2d(pad(sharp, [margin] * 4, "reflect"), self.window, 1)


def patterns(x: Tensor, threshold: float) -> Tensor:
    """Rotation invariant uniform patterns of images (B, C, H, W), 0 to 9; borders are mirrored."""
    wide = pad(x, [1] * 4, "reflect")
    height, width = x.shape[2:]

    def at(row: int, column: int) -> Tensor:
        return wide[..., 1 + row : 1 + row + height, 1 + column : 1 + column + width]

    bits = []
    for k in range(8):
        down, right = -math.sin(math.pi * k / 4), math.cos(math.pi * k / 4)
        rows, columns = round(down), round(right)
        # between pixels on the diagonals: bilinear, with the same share along both axes
        share = min(abs(down), abs(right)) if k % 2 else 1.0
        straight = (at(rows, 0) + at(0, columns)) * share * (1 - share) if k % 2 else 0.0
        corner = at(rows, columns) * share**2
        value = corner + straight + (x * (1 - share) ** 2 if k % 2 else 0.0)
        bits.append(((value - x).abs() > threshold).int())
    ring = torch.stack(bits)
    changes = (ring - ring.roll(1, 0)).abs().sum(0)
    return torch.where(changes <= 2, ring.sum(0), 9)
