"""Arteries of the brain: trunks with their usual courses, and branches of each subject's own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.shapes import Points, membership
from adversaria.draws import stream

Array = NDArray[Any]
Segment = tuple[NDArray[np.float64], NDArray[np.float64], float]

# courses on one side, x outwards, y to the front, z up (mm), and the radius at the beginning and the end
_TRUNKS: tuple[tuple[tuple[tuple[float, float, float], ...], float, float], ...] = (
    (((12, 2, -60), (14, 6, -30), (11, 6, -14)), 2.2, 1.9),
    (((11, 6, -14), (24, 8, -10), (38, 6, -4), (43, -8, 8), (46, -24, 22), (44, -44, 30)), 1.6, 0.8),
    (((38, 6, -4), (42, 16, 10), (42, 24, 26)), 1.1, 0.7),
    (((43, -8, 8), (50, -12, 30), (44, -14, 48)), 1.0, 0.6),
    (((11, 6, -14), (3, 16, -8), (2, 34, 0), (2, 46, 18), (2, 34, 36), (2, 4, 46), (3, -30, 46)), 1.4, 0.7),
    (((0.5, -8, -55), (0.5, -11, -20)), 1.6, 1.5),
    (((0.5, -11, -20), (12, -18, -16), (22, -34, -8), (18, -60, 2), (10, -78, 8)), 1.3, 0.7),
)


def arteries(name: tuple[int | str, ...], at: Points, voxel: float) -> Array:
    """Share of each voxel that is artery, from the anatomy's coordinates: x to the left, y to the front, z up (mm)."""
    share = np.zeros(np.broadcast_shapes(*(p.shape for p in at)), np.float32)
    for start, end, radius in segments(name):
        share = np.maximum(share, membership(_away(at, start, end, radius), voxel))
    return share


def segments(name: tuple[int | str, ...]) -> list[Segment]:
    """Both sides' trunks, jittered by 2 mm, with two branches of three pieces from each of their later points."""
    found: list[Segment] = []
    for side in (-1.0, 1.0):
        for number, (course, first, last) in enumerate(_TRUNKS):
            random = stream(*name, "artery", number, int(side))
            points = np.array(course, np.float64) + 2 * random.standard_normal((len(course), 3))
            # what springs from one place does so in every subject
            points[0] = course[0]
            points[:, 0] *= side
            radii = np.linspace(first, last, len(course))
            found += list(zip(points[:-1], points[1:], radii[1:], strict=True))
            for point, radius in zip(points[2:], radii[2:], strict=True):
                for _ in range(2):
                    found += _branch(point, 0.75 * float(radius), random)
    return found


def _branch(point: NDArray[np.float64], radius: float, random: np.random.Generator) -> list[Segment]:
    """A branch that runs outwards from the middle of the brain."""
    found: list[Segment] = []
    outwards = (point - np.array([0, -10, 10])) / max(float(np.linalg.norm(point - np.array([0, -10, 10]))), 1.0)
    heading = outwards + 0.9 * random.standard_normal(3)
    for step in range(3):
        heading = heading / np.linalg.norm(heading)
        end = point + 9 * heading
        found.append((point, end, radius * 0.9**step))
        point, heading = end, heading + 0.4 * random.standard_normal(3)
    return found


def _away(at: Points, start: NDArray[np.float64], end: NDArray[np.float64], radius: float) -> Array:
    """Distance to a tube between two points."""
    way = (end - start).astype(np.float32)
    off = [p - np.float32(s) for p, s in zip(at, start, strict=True)]
    along = sum(o * w for o, w in zip(off, way, strict=True)) / np.float32(max(float(way @ way), 1e-6))
    t = np.clip(along, 0, 1)
    gap = sum(np.square(o - t * w) for o, w in zip(off, way, strict=True))
    distance: Array = np.sqrt(gap) - np.float32(radius)
    return distance
