"""The simultaneous algebraic reconstruction technique."""

import torch
from torch import Tensor

from adversaria.physics.beam import Beam


class SART:
    """Kaczmarz's method view by view (Andersen and Kak 1984, eq. 3), in any beam geometry, from a zero image.

    x <- x + relaxation A_k*((y_k - A_k x) / A_k 1) / A_k* 1  for each view k in turn, `sweeps` times over all. Views
    follow each other by the golden ratio of their number, so that neighbours in time are far apart in angle.
    """

    key = "sart"

    def __init__(self, sweeps: int = 5, relaxation: float = 0.25):
        if sweeps < 1 or not 0 < relaxation < 2:
            raise ValueError("SART needs at least one sweep and a relaxation between 0 and 2")
        self.sweeps, self.relaxation = sweeps, relaxation

    def __call__(self, measurement: Tensor, physics: Beam) -> Tensor:
        """Reconstruct (B, C, size, size)."""
        physics.check(measurement, (physics.angles.shape[-1], physics.detectors), "sinogram")
        side = physics.size
        image = measurement.new_zeros(*measurement.shape[:2], side, side)
        ones = torch.ones_like(image[:, :1])
        for _ in range(self.sweeps):
            for k in golden_order(physics.angles.shape[-1]):
                view = physics.bound(angles=physics.angles[..., k : k + 1])
                way = view.A(ones)
                missed = (measurement[..., k : k + 1, :] - view.A(image)) * shares(way)
                image = image + self.relaxation * view.adjoint(missed) * shares(view.adjoint(torch.ones_like(way)))
        return image


def golden_order(count: int) -> list[int]:
    """Order numbers below `count` so that each lies far from those just before it, every one once."""
    step = max(1, round(count * 0.381966))
    order, left, at = list[int](), set(range(count)), 0
    while left:
        while at not in left:
            at = (at + 1) % count
        order.append(at)
        left.remove(at)
        at = (at + step) % count
    return order


def shares(weights: Tensor) -> Tensor:
    """Invert weights; 0 where hardly anything is weighed."""
    least = 1e-4 * weights.amax()
    return torch.where(weights > least, 1 / weights.clamp_min(least), 0)
