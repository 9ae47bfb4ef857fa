"""L2: fidelity in the image domain."""

import torch
from torch import Tensor, nn

from adversaria.vocabulary import UserError


class Pixel(nn.Module):
    """Image-domain fidelity, L2 of the review: mean |output - target|^power, power 1 or 2.

    With `weight` (B, 1, *S) the mean is weighted: sum w |d|^p / sum w.
    """

    key = "L2"

    def __init__(self, power: int = 1):
        super().__init__()
        self.power = checked(power)

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        return distance(output, target, self.power, weight)


def checked(power: int) -> int:
    """Give the power of a distance back if it is 1 or 2; UserError otherwise."""
    if power not in (1, 2):
        raise UserError(f"a distance has no power {power}.", "Choose 1 (absolute) or 2 (squared).")
    return power


def distance(first: Tensor, second: Tensor, power: int, weight: Tensor | None = None) -> Tensor:
    """Mean of |first - second|^power, weighted if asked, in single precision at least; complex numbers by modulus.

    Where all weights are 0 so is the distance. ValueError: shapes that differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"cannot compare {tuple(first.shape)} with {tuple(second.shape)}")
    difference = first.to(torch.promote_types(first.dtype, torch.float32)) - second
    # a complex square would keep its phase
    powered = difference.abs() if power == 1 else (difference * difference.conj()).real
    if weight is None:
        return powered.mean()
    weight = weight.to(powered.dtype).expand_as(powered)
    return (weight * powered).sum() / weight.sum().clamp_min(torch.finfo(powered.dtype).tiny)
