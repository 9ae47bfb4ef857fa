"""A drawing of an image: its edges, and sparse strokes of its grey values."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from adversaria.physics.operator import Operator


class Sketch(Operator):
    """Edges and strokes made from an image, as Sangkloy et al. 2017 make their training pairs (section 3.2).

    x (B, 1, H, W) gives (B, 2, H, W): edges as -1 on 1 (the paper of a drawing), where the Sobel slope of the image
    blurred with `blur` pixels is among the steepest share `edges`; and `strokes` straight strokes of up to a quarter
    of the side that carry the image's value at their middle, elsewhere the image's minimum. Strokes are drawn anew
    for each case. Not linear, so there is no adjoint.
    """

    key = "sketch"

    def __init__(self, edges: float = 0.1, blur: float = 1.0, strokes: int = 8):
        super().__init__()
        self.edges, self.blur, self.strokes = edges, blur, strokes

    def drawing(self, x: Tensor) -> Tensor:
        """Give the edges: 1 where there is none, -1 on one."""
        reach = max(1, round(3 * self.blur))
        line = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
        weights = torch.exp(-(line**2) / (2 * self.blur**2))
        weights = weights / weights.sum()
        soft = conv2d(conv2d(pad(x, [reach] * 4, "replicate"), weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
        sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype, device=x.device)[None, None]
        near = pad(soft, [1] * 4, "replicate")
        slope = conv2d(near, sobel).square() + conv2d(near, sobel.mT).square()
        limit = slope.flatten(1).quantile(1 - self.edges, 1).view(-1, 1, 1, 1)
        return torch.where((slope > limit) & (slope > 0), -1.0, 1.0).to(x.dtype)

    def measure(self, x: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Draw an image; scaled so that both channels share the image's own range."""
        low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        edges = low + (self.drawing(x) + 1) / 2 * (high - low)
        painted = low.expand_as(x).clone()
        height, width = x.shape[2:]
        rows, columns = np.mgrid[:height, :width]
        for _ in range(self.strokes):
            row, column, turn, length = random.uniform(size=4) * [height, width, np.pi, min(height, width) / 4]
            along = (rows - row) * np.sin(turn) + (columns - column) * np.cos(turn)
            across = (columns - column) * np.sin(turn) - (rows - row) * np.cos(turn)
            on = torch.from_numpy((np.abs(along) <= length / 2) & (np.abs(across) <= 1))
            painted[:, :, on] = x[:, :, int(row), int(column), None]
        return torch.cat([edges, painted], 1)
