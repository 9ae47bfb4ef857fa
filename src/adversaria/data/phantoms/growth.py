"""Vessel trees whose tips grow together, and drawing them as paths of light through blood."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[Any]
# a guide turns the tips: it is given places, headings and radii, and gives angles
Guide = Callable[[Array, Array, Array], Array]

# exponent of branching, r^x = r1^x + r2^x; Murray's law has 3
BRANCHING = 2.7
_CELLS = 72


@dataclass
class Tree:
    """Segments: ends (N, 2, 2), radii, kind, root, and the number of branchings before each."""

    ends: Array = field(default_factory=lambda: np.zeros((0, 2, 2)))
    radii: Array = field(default_factory=lambda: np.zeros(0))
    kinds: Array = field(default_factory=lambda: np.zeros(0, int))
    roots: Array = field(default_factory=lambda: np.zeros(0, int))
    generations: Array = field(default_factory=lambda: np.zeros(0, int))


@dataclass
class Tips:
    """What grows: one row a tip."""

    place: Array
    heading: Array
    radius: Array
    kind: Array
    root: Array
    since: Array
    phase: Array
    generation: Array

    def chosen(self, which: Array) -> "Tips":
        """Some of the tips."""
        return Tips(**{name: value[which] for name, value in vars(self).items()})

    def joined(self, others: "Tips") -> "Tips":
        """These and others."""
        return Tips(**{name: np.concatenate([value, getattr(others, name)]) for name, value in vars(self).items()})


def grow(
    tips: Tips,
    random: np.random.Generator,
    guide: Guide,
    lives: Callable[[Array, Array], Array],
    step: float = 0.028,
    steps: int = 84,
    smallest: float = 0.0026,
    tortuosity: float = 0.0,
) -> Tree:
    """Grow all tips at once in the square [-1.1, 1.1]^2 until none lives.

    Tips turn away from vessels of their own kind and a little from all, follow the `guide`, swing with
    `tortuosity`, and branch: radii by r^x = r1^x + r2^x, the main branch turning by 0.6 of Murray's optimal angle,
    the minor one leaving at 40 to 80 degrees.
    """
    crowd = np.zeros((2, _CELLS, _CELLS))
    parts: list[tuple[Array, ...]] = []
    for number in range(steps):
        if not len(tips.radius):
            break
        slopes = _slopes(crowd)
        turn = np.clip(3.5 * _away(slopes, tips), -0.35, 0.35) + guide(tips.place, tips.heading, tips.radius)
        tips.heading = tips.heading + turn + 0.05 * random.standard_normal(len(turn))
        sway = np.sin(2 * np.pi * number * step / 0.16 + tips.phase) * (0.13 + 0.9 * tortuosity)
        way = tips.heading + sway
        place = tips.place + step * np.stack([np.cos(way), np.sin(way)], 1)
        parts.append((np.stack([tips.place, place], 1), tips.radius, tips.kind, tips.root, tips.generation))
        tips.place, tips.radius, tips.since = place, tips.radius * 0.996, tips.since + step
        cells = _cell(place)
        np.add.at(crowd, (tips.kind, cells[:, 0], cells[:, 1]), 1.0)
        tips = _branched(tips, random)
        keep = (tips.radius > smallest) & lives(tips.place, tips.radius) & ~_collides(crowd, tips, number)
        tips = tips.chosen(keep)
    return Tree(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _cell(place: Array) -> NDArray[np.int64]:
    return np.clip(((place + 1.1) / 2.2 * _CELLS).astype(int), 0, _CELLS - 1)


def _slopes(crowd: Array) -> Array:
    """Slopes (2, 2, cells, cells) of how crowded it is, for each kind with a quarter of all."""
    smooth = np.stack([gaussian_filter(c, 2.2, truncate=2.5) for c in crowd])
    felt = smooth + 0.25 * smooth.sum(0)
    return np.stack([np.stack(np.gradient(f), 0) for f in felt])


def _away(slopes: Array, tips: Tips) -> Array:
    """How much each tip turns towards where it is less crowded."""
    cells = _cell(tips.place)
    down = -slopes[tips.kind, :, cells[:, 0], cells[:, 1]]
    found: Array = np.cos(tips.heading) * down[:, 1] - np.sin(tips.heading) * down[:, 0]
    return found


def _collides(crowd: Array, tips: Tips, number: int) -> Array:
    """Whether thin tips run into a vessel of their own kind."""
    ahead = tips.place + 0.06 * np.stack([np.cos(tips.heading), np.sin(tips.heading)], 1)
    cells = _cell(ahead)
    found: Array = (crowd[tips.kind, cells[:, 0], cells[:, 1]] > 0.5) & (tips.radius < 0.006) & (tips.since > 0.08)
    return found & (number > 6)


def _branched(tips: Tips, random: np.random.Generator) -> Tips:
    u = random.uniform(size=(len(tips.radius), 4))
    shares = np.where(
        tips.radius > 0.008,
        0.06 + 0.45 * random.beta(2, 5, len(u)),
        0.15 + 0.55 * random.beta(2.5, 3, len(u)),
    )
    now = (u[:, 0] < 0.16) & (tips.since > 0.055)
    minor = tips.chosen(now)
    if not len(minor.radius):
        return tips
    share, side = shares[now], np.where(u[now, 1] < 0.5, -1.0, 1.0)
    minor.radius = minor.radius * share ** (1 / BRANCHING)
    minor.heading = minor.heading + side * np.deg2rad(40 + 40 * u[now, 2])
    minor.phase, minor.generation = 2 * np.pi * u[now, 3], minor.generation + 1
    minor.since = np.zeros(len(share))
    ratio = (share / (1 - share)) ** (1 / BRANCHING)
    cosine = ((1 + ratio**3) ** (4 / 3) + 1 - ratio**4) / (2 * (1 + ratio**3) ** (2 / 3))
    tips.heading[now] -= 0.6 * side * np.arccos(np.clip(cosine, -1, 1))
    tips.radius[now] *= (1 - share) ** (1 / BRANCHING)
    tips.since[now] = 0.0
    return tips.joined(minor)


def draw(size: int, ends: Array, radii: Array) -> Array:
    """Mean path (in pixels) of the light through tubes, over each pixel: (rows, columns).

    `ends` (N, 2, 2) are (x, y) in pixels from the middle of the first one. The average over a pixel is exact
    across a tube, so tubes thinner than a pixel keep their absorption.
    """
    image = np.zeros((size, size), np.float32)
    reach = np.ceil(radii + 0.5 + 0.5 * np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) + 0.5).astype(int)
    for half in np.unique(reach):
        chosen = reach == half
        _splat(image, ends[chosen].astype(np.float32), radii[chosen].astype(np.float32), int(half))
    return image


def _splat(image: Array, ends: Array, radii: Array, half: int) -> None:
    middle = np.round(ends.mean(1)).astype(int)
    offsets = np.stack(np.meshgrid(*(np.arange(-half, half + 1),) * 2, indexing="xy"), -1).reshape(-1, 2)
    places = middle[:, None] + offsets[None]
    along = ends[:, 1] - ends[:, 0]
    length = np.maximum(np.square(along).sum(1), 1e-9)
    out = places - ends[:, None, 0]
    t = np.clip((out * along[:, None]).sum(-1) / length[:, None], 0, 1)
    distance = np.linalg.norm(out - t[..., None] * along[:, None], axis=-1)
    path = _mean_chord(distance, radii[:, None])
    size = len(image)
    fits = (path > 0) & (places >= 0).all(-1) & (places < size).all(-1)
    np.maximum.at(image, (places[..., 1][fits], places[..., 0][fits]), path[fits])


def _mean_chord(distance: Array, radius: Array) -> Array:
    """Mean of 2 sqrt(r^2 - d^2) over a pixel's width around d."""
    low, high = np.clip(distance - 0.5, -radius, radius), np.clip(distance + 0.5, -radius, radius)

    def whole(d: Array) -> Array:
        return d * np.sqrt(np.clip(radius**2 - d**2, 0, None)) + radius**2 * np.arcsin(np.clip(d / radius, -1, 1))

    found: Array = whole(high) - whole(low)
    return found
