"""L4: the image's slopes, paired."""

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance


class GradientDifference(nn.Module):
    """Gradient difference, L4 of the review: sum over axes of mean ||d_a target| - |d_a output||^power.

    Mathieu et al. 2016 (power 1, and sums for means); medical works square it (Nie et al. 2017), as is the default.
    d_a are forward differences of neighbours; signs do not count, so an inverted image costs nothing. An axis of one
    voxel has no slope.
    """

    key = "L4"

    def __init__(self, power: int = 2):
        super().__init__()
        self.power = checked(power)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        pairs = zip(slopes(output), slopes(target), strict=True)
        return torch.stack([distance(o.abs(), t.abs(), self.power) for o, t in pairs]).sum()


def slopes(image: Tensor) -> list[Tensor]:
    """Forward differences along every axis that has more than one voxel, in single precision at least."""
    if image.ndim < 3 or max(image.shape[2:]) < 2:
        raise ValueError(f"an image of {tuple(image.shape)} has no slope")
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    return [image.diff(dim=axis) for axis in range(2, image.ndim) if image.shape[axis] > 1]
