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
        white, first = self._white(axes[2])
        return self._mixed(white, *self._bases(axes, first, len(white)))

    def with_slopes(self, axes: Axes) -> tuple[Array, Array]:
        """Give the field, and its exact slopes (3, *S) per mm along the three axes."""
        white, first = self._white(axes[2])
        plain = self._bases(axes, first, len(white))
        steep = self._bases(axes, first, len(white), slope=True)
        turned = [[steep[k] if k == n else plain[k] for k in range(3)] for n in range(3)]
        return self._mixed(white, *plain), np.stack([self._mixed(white, *bases) for bases in turned])

    def _white(self, up: Array) -> tuple[Array, int]:
        """The planes of white noise that reach these heights; a slice draws four of them, not all."""
        count = self._count()
        low, high = (int(np.floor((float(z) + self.reach) / self.pitch)) for z in (up.min(), up.max()))
        planes = [stream(*self.name, k).standard_normal((count, count), np.float32) for k in range(low, high + 4)]
        return np.stack(planes), low

    def _count(self) -> int:
        return int(np.ceil(2 * self.reach / self.pitch)) + 4

    def _bases(self, axes: Axes, first: int, planes: int, slope: bool = False) -> list[Array]:
        sizes = ((self._count(), 0), (self._count(), 0), (planes, first))
        return [self._basis(axis, *size, slope) for axis, size in zip(axes, sizes, strict=True)]

    @staticmethod
    def _mixed(white: Array, x: Array, y: Array, z: Array) -> Array:
        planes = x @ white @ y.T
        values = np.tensordot(planes, z, (0, 1)) if len(z) > 1 else np.tensordot(z[0], planes, (0, 0))[..., None]
        return (values / np.float32(_POWER**1.5)).astype(np.float32)

    def _basis(self, axis: Array, count: int, first: int, slope: bool) -> Array:
        place = (np.asarray(axis, np.float64) + self.reach) / self.pitch
        whole = np.floor(place).astype(int)
        t = place - whole
        if slope:
            weights = np.stack([-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + 1, t**2]) / (2 * self.pitch)
        else:
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
