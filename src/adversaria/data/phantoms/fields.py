"""Random fields in millimetres, the same on every grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.draws import stream

Array = NDArray[Any]
Axes = tuple[Array, Array, Array]

# mean sum of squared cubic B-spline weights, so that a field of unit white noise has unit variance
_POWER = 0.479


@dataclass(frozen=True)
class Lattice:
    """A field of unit standard deviation with structure of about `pitch` mm, keyed by `name`.

    White noise on a cubic lattice, interpolated by uniform cubic B-splines. Evaluated on the grid that three
    axes of coordinates (mm) span; a slice is the slice of the volume.
    """

    name: tuple[int | str, ...]
    pitch: float
    reach: float = 260.0

    def on(self, axes: Axes) -> Array:
        """Evaluate on the grid (len(x), len(y), len(z)) of three axes."""
        count = int(np.ceil(2 * self.reach / self.pitch)) + 4
        white = np.stack(
            [stream(*self.name, k).standard_normal((count, count), np.float32) for k in self._planes(axes[2])]
        )
        first = int(self._planes(axes[2])[0])
        bases = [self._basis(axis, count, 0) for axis in axes[:2]]
        along = self._basis(axes[2], len(white), first)
        values = np.tensordot(along, white, (1, 0))
        values = np.einsum("kab,ia->kib", values, bases[0], optimize=True)
        values = np.einsum("kib,jb->ijk", values, bases[1], optimize=True)
        return (values / np.float32(_POWER**1.5)).astype(np.float32)

    def _planes(self, axis: Array) -> range:
        """The lattice planes that reach this axis; a slice draws four of them, not all."""
        low = int(np.floor((float(axis.min()) + self.reach) / self.pitch))
        high = int(np.floor((float(axis.max()) + self.reach) / self.pitch))
        return range(low, high + 4)

    def _basis(self, axis: Array, count: int, first: int) -> Array:
        place = (np.asarray(axis, np.float64) + self.reach) / self.pitch
        whole = np.floor(place).astype(int)
        t = place - whole
        weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
        basis = np.zeros((len(place), count), np.float32)
        for offset in range(4):
            basis[np.arange(len(place)), np.clip(whole - first + offset, 0, count - 1)] += weights[offset]
        return basis


def grid(axes: Axes) -> tuple[Array, Array, Array]:
    """Give coordinates that broadcast over the grid of three axes."""
    return axes[0][:, None, None], axes[1][None, :, None], axes[2][None, None, :]


def axis(size: int, spacing: float, centre: float = 0.0) -> Array:
    """Give the middles of `size` voxels around `centre`."""
    return ((np.arange(size) - (size - 1) / 2) * spacing + centre).astype(np.float32)


def between(name: Sequence[int | str], low: float, high: float) -> float:
    """Draw one number, uniform, from the stream of its name."""
    return float(stream(*name).uniform(low, high))


def about(name: Sequence[int | str], mean: float, spread: float, most: float = 2.5) -> float:
    """Draw one number, normal, cut off at `most` standard deviations."""
    return float(mean + spread * np.clip(stream(*name).standard_normal(), -most, most))
