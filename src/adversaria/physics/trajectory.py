"""Where k-space is measured when it is not on a grid: spokes and spirals."""

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
GOLDEN = math.pi * (math.sqrt(5) - 1) / 2  # 111.246 degrees


class Trajectory:
    """Draws sampling points: `trajectory(shape, random)` gives (2, N) in radians a voxel, rows first, in [-pi, pi]."""

    key = ""

    def __call__(self, shape: tuple[int, ...], random: np.random.Generator) -> Points:
        """Draw the points for an image of this shape."""
        if len(shape) != 2:
            raise ValueError(f"a trajectory of points in a plane does not fit an image of {len(shape)} axes")
        flat = self.points(shape, random)
        return np.stack([flat.imag, flat.real]).reshape(2, -1).clip(-np.pi, np.pi).astype(np.float32)

    def points(self, shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.complex128]:
        """Give points as column + i row."""
        raise NotImplementedError


class Radial(Trajectory):
    """Spokes through the middle, each turned by the golden angle against the last (Winkelmann et al. 2007).

    Each of `spokes` is read at twice as many points as the longer side, so at half the distance of the grid; the
    first one's direction is drawn. Nyquist asks for pi/2 times the side.
    """

    key = "radial"

    def __init__(self, spokes: int = 64):
        if spokes < 1:
            raise ValueError("a radial scan has at least one spoke")
        self.spokes = spokes

    def points(self, shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.complex128]:
        """Give the spokes one after the other."""
        count = 2 * max(shape)
        along = (np.arange(count) - count // 2) * (2 * np.pi / count)
        turns = random.uniform(0, np.pi) + GOLDEN * np.arange(self.spokes)
        return np.exp(1j * turns)[:, None] * along


class Spiral(Trajectory):
    """Archimedean spirals from the middle outwards, k = pi t exp(i 2 pi turns t) (Ahn et al. 1986).

    `interleaves` of them are turned evenly against each other, each with `turns` windings read at equal steps along
    its path, half a grid step apart; the first one's direction is drawn. Nyquist asks for interleaves times turns of
    half the side.
    """

    key = "spiral"

    def __init__(self, interleaves: int = 8, turns: float = 8.0):
        if interleaves < 1 or turns <= 0:
            raise ValueError("a spiral scan has at least one interleave, and windings")
        self.interleaves, self.turns = interleaves, turns

    def points(self, shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.complex128]:
        """Give the interleaves one after the other."""
        fine = np.linspace(0, 1, 4096)
        path = np.pi * fine * np.exp(2j * np.pi * self.turns * fine)
        way = np.concatenate([[0.0], np.abs(np.diff(path)).cumsum()])
        count = math.ceil(way[-1] / (np.pi / max(shape)))
        at = np.interp(np.linspace(0, way[-1], count), way, fine)
        arm = np.pi * at * np.exp(2j * np.pi * self.turns * at)
        turns = random.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(self.interleaves) / self.interleaves
        return np.exp(1j * turns)[:, None] * arm
