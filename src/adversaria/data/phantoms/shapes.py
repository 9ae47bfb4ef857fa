"""Shapes as approximate signed distances (mm, negative inside), and painting with soft borders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Points = tuple[Array, Array, Array]


def ellipsoid(at: Points, centre: Sequence[float], axes: Sequence[float], turn: float = 0.0) -> Array:
    """First-order distance to an ellipsoid, turned by `turn` radians about z."""
    x, y, z = (p - np.float32(c) for p, c in zip(at, centre, strict=True))
    if turn:
        cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        x, y = cosine * x + sine * y, cosine * y - sine * x
    a, b, c = (np.float32(r) for r in axes)
    k = np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)
    g = np.sqrt((x / a**2) ** 2 + (y / b**2) ** 2 + (z / c**2) ** 2) + np.float32(1e-6)
    return k * (k - 1) / g


def cylinder(at: Points, centre: Sequence[float], radius: float, radius_y: float | None = None) -> Array:
    """First-order distance to an elliptic cylinder along z at centre (x, y)."""
    return ellipsoid((at[0], at[1], np.zeros_like(at[2])), (*centre, 0.0), (radius, radius_y or radius, 1.0))


def union(first: Array, second: Array, blend: float) -> Array:
    """Smooth minimum of two distances over `blend` mm."""
    h = np.clip(0.5 + (second - first) / np.float32(2 * blend), 0, 1)
    return second + (first - second) * h - np.float32(blend) * h * (1 - h)


def intersection(first: Array, second: Array, blend: float = 2.0) -> Array:
    """Smooth maximum of two distances."""
    return -union(-first, -second, blend)


def membership(distance: Array, voxel: float) -> Array:
    """Share of each voxel (of width `voxel` mm) that lies inside: a first-order box average."""
    return np.clip(np.float32(0.5) - distance / np.float32(voxel), 0, 1)


def stamp(labels: NDArray[np.int16], share: Array, label: int) -> None:
    """Label the voxels that lie mostly inside a small structure, or else the one that holds most of it."""
    inside = share > 0.5
    if not inside.any() and share.max() > 0:
        inside = share == share.max()
    labels[inside] = label


class Canvas:
    """Paints structures one over the other, each taking its share of what is there."""

    def __init__(self, shape: tuple[int, ...], voxel: float, value: float):
        self.voxel = voxel
        self.image = np.full(shape, value, np.float32)
        self.labels = np.zeros(shape, np.int16)
        self.fractions: dict[int, Array] | None = None

    def keep_fractions(self) -> None:
        """From here on keep the share of every label in every voxel."""
        self.fractions = {0: np.ones_like(self.image)}

    def paint(self, distance: Array, value: float | Array, label: int | None = None) -> Array:
        """Paint a structure and give its membership; without a label it keeps that of what lies below."""
        share = np.broadcast_to(membership(distance, self.voxel), self.image.shape)
        self.image += share * (value - self.image)
        if label is not None:
            self.labels[share > 0.5] = label
            if self.fractions is not None:
                for known in self.fractions.values():
                    known *= 1 - share
                self.fractions[label] = self.fractions.get(label, np.zeros_like(self.image)) + share
        return share
