"""Which samples of k-space are measured: points of a plane of two phase-encoding axes."""

import numpy as np
from numpy.typing import NDArray

from adversaria.physics.sampling import Mask, Random, Sampling, weighted_choice


class Points(Sampling):
    """Points of the last two axes, 1 of `acceleration`, with a fully sampled disc in the middle.

    Axes before the last two are read out whole. `centre` is the disc's radius as a share of the half side.
    """

    def __init__(self, acceleration: float = 8.0, centre: float = 0.08):
        if acceleration < 1 or not 0 <= centre < 1 or centre**2 * np.pi / 4 > 1 / acceleration:
            raise ValueError(f"a centre of {centre} does not fit an acceleration of {acceleration}")
        self.acceleration, self.centre = acceleration, centre

    def __call__(self, shape: tuple[int, ...], random: Random) -> Mask:
        """Draw a mask."""
        plane = shape[-2:]
        along = [(np.arange(n) - n // 2) / (n / 2) for n in plane]
        radius = np.hypot(along[0][:, None], along[1])
        middle = radius < self.centre
        points = middle | self.outer(radius, middle, round(radius.size / self.acceleration) - int(middle.sum()), random)
        return np.broadcast_to(points, shape).astype(np.float32)

    def outer(
        self, radius: NDArray[np.float64], middle: NDArray[np.bool_], count: int, random: Random
    ) -> NDArray[np.bool_]:
        """Draw about `count` points outside the middle; `radius` is 1 at the middle of a side."""
        raise NotImplementedError


class VariableDensity(Points):
    """Random points, denser near the middle: density (1 - r / r_max)^power (Lustig et al. 2007); exact count."""

    key = "variable-density-2d"

    def __init__(self, acceleration: float = 8.0, centre: float = 0.08, power: float = 2.0):
        super().__init__(acceleration, centre)
        self.power = power

    def outer(
        self, radius: NDArray[np.float64], middle: NDArray[np.bool_], count: int, random: Random
    ) -> NDArray[np.bool_]:
        """Draw points without replacement."""
        density = (1 - radius / (1.001 * radius.max())) ** self.power
        return weighted_choice(np.where(middle, 0.0, density), count, random)


class PoissonDisc(Points):
    """Random points that keep their distance (Bridson 2007, here by throwing darts at the grid).

    A point at radius r lets no later point come nearer than d (1 + slope r); d is searched so that the count is
    right within about 2 %.
    """

    key = "poisson-disc"

    def __init__(self, acceleration: float = 8.0, centre: float = 0.08, slope: float = 1.0):
        super().__init__(acceleration, centre)
        self.slope = slope

    def outer(
        self, radius: NDArray[np.float64], middle: NDArray[np.bool_], count: int, random: Random
    ) -> NDArray[np.bool_]:
        """Search the distance on one order of darts."""
        order = np.argsort(random.uniform(size=radius.size))
        low, high = 0.0, 4 * float(np.sqrt(self.acceleration))
        best = np.zeros(radius.shape, bool)
        for _ in range(9):
            distance = (low + high) / 2
            best = thrown(order, distance * (1 + self.slope * radius), middle)
            found = int(best.sum())
            if abs(found - count) <= 0.02 * count:
                break
            low, high = (distance, high) if found > count else (low, distance)
        return best


def thrown(order: NDArray[np.int64], reach: NDArray[np.float64], middle: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Accept darts in order, each where no accepted one lies nearer than that one's `reach`; none in the middle."""
    border = int(np.ceil(reach.max())) + 1
    place = np.arange(-border, border + 1)
    apart = place[:, None] ** 2 + place**2
    blocked = np.pad(middle, border, constant_values=False)
    accepted = np.zeros(reach.shape, bool)
    width = reach.shape[1]
    for dart in order.tolist():
        row, column = divmod(dart, width)
        if blocked[row + border, column + border]:
            continue
        accepted[row, column] = True
        blocked[row + border, column + border] = True
        near = int(reach[row, column])
        inner = slice(border - near, border + near + 1)
        patch = blocked[row : row + 2 * border + 1, column : column + 2 * border + 1][inner, inner]
        patch |= apart[inner, inner] < reach[row, column] ** 2
    return accepted
