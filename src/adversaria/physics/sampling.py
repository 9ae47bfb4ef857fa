"""Which samples of k-space are measured: lines along one axis."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]
Random = np.random.Generator | np.random.RandomState


class Sampling:
    """Draws masks: `sampling(shape, random)` gives 0 and 1 of this shape, the centre of k-space in the middle.

    `random` is a keyed generator, or for fastMRI's own masks its legacy generator: `fastmri_random(file name)`.
    """

    key = ""

    def __call__(self, shape: tuple[int, ...], random: Random) -> Mask:
        """Draw a mask."""
        raise NotImplementedError


class FullSampling(Sampling):
    """All of k-space."""

    def __call__(self, shape: tuple[int, ...], random: Random) -> Mask:
        """Give ones."""
        return np.ones(shape, np.float32)


def fastmri_random(name: str) -> np.random.RandomState:
    """Open fastMRI's generator for a volume, seeded by the characters of its file's name."""
    return np.random.RandomState(tuple(map(ord, name)))


def centre_lines(count: int, kept: int) -> NDArray[np.bool_]:
    """Mark the `kept` lines in the middle of `count`, placed as fastMRI places them."""
    first = (count - kept + 1) // 2
    lines = np.zeros(count, bool)
    lines[first : first + kept] = True
    return lines


class Lines(Sampling):
    """Lines along one axis, the middle ones always (Zbontar et al. 2018, section 4.9).

    `accelerations` R and `centres`, the share of all lines in the fully sampled middle, are pairs of which one is
    drawn for each mask. `axis` is the axis across the lines, the last as in fastMRI.
    """

    def __init__(self, accelerations: tuple[float, ...] = (4.0,), centres: tuple[float, ...] = (0.08,), axis: int = -1):
        if len(accelerations) != len(centres) or not accelerations:
            raise ValueError(f"{len(accelerations)} accelerations do not pair with {len(centres)} centres")
        if any(r < 1 for r in accelerations) or any(
            not 0 <= c <= 1 / r for c, r in zip(centres, accelerations, strict=True)
        ):
            raise ValueError("an acceleration is at least 1, and a centre at most 1 / acceleration of the lines")
        self.accelerations, self.centres, self.axis = tuple(accelerations), tuple(centres), axis

    def __call__(self, shape: tuple[int, ...], random: Random) -> Mask:
        """Draw a mask."""
        choice = integer(random, len(self.accelerations))
        count = shape[self.axis]
        kept = round(count * self.centres[choice])
        lines = centre_lines(count, kept) | self.outer(count, self.accelerations[choice], kept, random)
        across = [1] * len(shape)
        across[self.axis] = count
        return np.broadcast_to(lines.reshape(across), shape).astype(np.float32)

    def outer(self, count: int, acceleration: float, kept: int, random: Random) -> NDArray[np.bool_]:
        """Draw the lines beside the middle."""
        raise NotImplementedError


class RandomLines(Lines):
    """Each outer line with equal chance, count / R lines in the mean: fastMRI's `random`."""

    key = "random"

    def outer(self, count: int, acceleration: float, kept: int, random: Random) -> NDArray[np.bool_]:
        """Toss a coin for each line."""
        chance = (count / acceleration - kept) / max(count - kept, 1)
        return np.asarray(random.uniform(size=count) < chance)


class EquispacedLines(Lines):
    """Every R-th line from a drawn offset, and the middle on top: fastMRI's `equispaced`; more than count / R lines."""

    key = "equispaced"

    def outer(self, count: int, acceleration: float, kept: int, random: Random) -> NDArray[np.bool_]:
        """Step over the lines."""
        lines = np.zeros(count, bool)
        lines[integer(random, round(acceleration)) :: round(acceleration)] = True
        return lines


class EquispacedFractionLines(Lines):
    """Equal steps, widened so that about count / R lines result with the middle: fastMRI's `equispaced_fraction`."""

    key = "equispaced_fraction"

    def outer(self, count: int, acceleration: float, kept: int, random: Random) -> NDArray[np.bool_]:
        """Step over the lines by a step that need not be whole."""
        lines = np.zeros(count, bool)
        if kept * acceleration < count:
            step = acceleration * (kept - count) / (kept * acceleration - count)
            lines[np.around(np.arange(integer(random, round(step)), count - 1, step)).astype(int)] = True
        return lines


class VariableDensityLines(Lines):
    """Exactly count / R lines, denser near the middle: density (1 - |k| / k_max)^power (Lustig et al. 2007)."""

    key = "variable-density-1d"

    def __init__(
        self,
        accelerations: tuple[float, ...] = (4.0,),
        centres: tuple[float, ...] = (0.08,),
        axis: int = -1,
        power: float = 2.0,
    ):
        super().__init__(accelerations, centres, axis)
        self.power = power

    def outer(self, count: int, acceleration: float, kept: int, random: Random) -> NDArray[np.bool_]:
        """Draw lines without replacement."""
        away = np.abs(np.arange(count) - count // 2) / (count // 2 + 1)
        weights = np.where(centre_lines(count, kept), 0.0, (1 - away) ** self.power)
        return weighted_choice(weights, round(count / acceleration) - kept, random)


def weighted_choice(weights: NDArray[np.float64], count: int, random: Random) -> NDArray[np.bool_]:
    """Mark `count` places drawn one after another by weight (Efraimidis and Spirakis 2006)."""
    with np.errstate(divide="ignore"):
        order = np.where(weights > 0, np.log(random.uniform(size=weights.shape)) / weights, -np.inf)
    chosen = np.zeros(weights.size, bool)
    chosen[np.argsort(order, axis=None)[::-1][: max(count, 0)]] = True
    return chosen.reshape(weights.shape)


def integer(random: Random, high: int) -> int:
    """Draw a whole number below `high`."""
    if isinstance(random, np.random.RandomState):
        return int(random.randint(0, high))
    return int(random.integers(high))
