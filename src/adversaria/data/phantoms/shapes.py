"""Shapes as approximate signed distances (mm, negative inside), and painting with soft borders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Points = tuple[Array, Array, Array]
Box = tuple[Any, ...]


def ellipsoid(at: Points, centre: Sequence[float], axes: Sequence[float], turn: float = 0.0) -> Array:
    """First-order distance to an ellipsoid, turned by `turn` radians about z."""
    x, y, z = (p - np.float32(c) for p, c in zip(at, centre, strict=True))
    if turn:
        cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        x, y = cosine * x + sine * y, cosine * y - sine * x
    a, b, c = (np.float32(r) for r in axes)
    k = np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)
    g = np.sqrt((x / a**2) ** 2 + (y / b**2) ** 2 + (z / c**2) ** 2) + np.float32(1e-9)
    # k / g lies between the axes; at the very centre, where it is 0 / 0, the shortest axis is the distance
    return (k - 1) * np.maximum(k / g, min(a, b, c))


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


def centroid(share: Array, axes: Points) -> list[float]:
    """Where a lesion lies, in RAS millimetres."""
    total = float(share.sum())
    sums = [float((share.sum(tuple(k for k in range(3) if k != n)) * axes[n]).sum()) / total for n in range(3)]
    return [-sums[0], -sums[1], sums[2]]


class Canvas:
    """Paints structures one over the other, each taking its share of what is there.

    With `keep` it keeps the share of every label in every voxel (`fractions`). Values may be left out
    where images are formed from the fractions.
    """

    def __init__(self, shape: tuple[int, ...], voxel: float, value: float = 0.0, keep: bool = False):
        self.voxel = voxel
        self.image = np.full(shape, value, np.float32)
        self.labels = np.zeros(shape, np.int16)
        self.fractions: dict[int, Array] = {0: np.ones(shape, np.float32)} if keep else {}

    def paint(
        self,
        distance: Array,
        value: float | Array = 0.0,
        label: int | None = None,
        box: Box = (...,),
        within: Array | float = 1.0,
    ) -> Array:
        """Paint a structure inside `box`, where it takes at most the share `within`; give its shares.

        Without a label it keeps that of what lies below.
        """
        image, labels = self.image[box], self.labels[box]
        share = np.broadcast_to(membership(distance, self.voxel) * within, image.shape)
        image += share * (value - image)
        if label is not None:
            labels[share > 0.5] = label
            if self.fractions and share.any():
                self._share_out(share, label, box)
        return share

    def _share_out(self, share: Array, label: int, box: Box) -> None:
        rest = 1 - share
        for known in self.fractions.values():
            part = known[box]
            part *= rest
        self.fractions.setdefault(label, np.zeros_like(self.image))[box] += share

    def hard(self) -> NDArray[np.int16]:
        """Label every voxel with what holds most of it."""
        names = np.array(list(self.fractions), np.int16)
        best = np.zeros(self.image.shape, np.int16)
        most = np.full(self.image.shape, -1, np.float32)
        for name in names:
            np.copyto(best, name, where=self.fractions[name] > most)
            np.maximum(most, self.fractions[name], out=most)
        return best
