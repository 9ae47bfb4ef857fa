"""A plane on which a flat phantom is drawn: coordinates, random fields, threads."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Lattice, about, axis, between
from adversaria.draws import stream

Array = NDArray[Any]


@dataclass(frozen=True)
class Sheet:
    """Rows run along y and columns along x, `spacing` apart around (0, 0); arrays are (rows, columns)."""

    name: tuple[int | str, ...]
    size: int
    spacing: float
    reach: float
    _kept: dict[tuple[str, float], Array] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def axis(self) -> Array:
        """Coordinates of rows and of columns."""
        return axis(self.size, self.spacing)

    @cached_property
    def x(self) -> Array:
        """(rows, columns) of x."""
        return np.broadcast_to(self.axis[None], (self.size, self.size)).copy()

    @cached_property
    def y(self) -> Array:
        """(rows, columns) of y."""
        return np.broadcast_to(self.axis[:, None], (self.size, self.size)).copy()

    def field(self, what: str, pitch: float) -> Array:
        """A random field of unit deviation with structure of about `pitch`; made once."""
        if (what, pitch) not in self._kept:
            axes = (self.axis, self.axis, np.zeros(1, np.float32))
            self._kept[what, pitch] = Lattice((*self.name, what), pitch, self.reach).on(axes)[..., 0].T
        return self._kept[what, pitch]

    def threads(self, what: str, pitch: float, width: float) -> Array:
        """Thread-like ridges of height 1 along the zeros of a field, `width` in deviations of the field."""
        return np.exp(-np.square(self.field(what, pitch) / np.float32(width)))

    def warped(self, what: str, pitch: float, amount: float) -> tuple[Array, Array]:
        """Coordinates displaced by a smooth field of `amount` deviation."""
        x, y = (np.float32(amount) * self.field(f"{what} {k}", pitch) for k in "xy")
        return self.x + x, self.y + y

    def about(self, what: str, mean: float, spread: float) -> float:
        """Draw one of the subject's numbers, normal."""
        return about((*self.name, what), mean, spread)

    def between(self, what: str, low: float, high: float) -> float:
        """Draw one of the subject's numbers, uniform."""
        return between((*self.name, what), low, high)

    def random(self, what: str) -> np.random.Generator:
        """Open one of the subject's streams."""
        return stream(*self.name, what)


def ellipse(x: Array, y: Array, axes: Sequence[float], turn: float = 0.0) -> Array:
    """First-order distance to an ellipse about (0, 0), negative inside."""
    if turn:
        c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        x, y = c * x + s * y, c * y - s * x
    a, b = (float(r) for r in axes)
    k = np.hypot(x / a, y / b)
    return (k - 1) * np.maximum(k / (np.hypot(x / a**2, y / b**2) + np.float32(1e-9)), min(a, b))


def inside(distance: Array, width: float) -> Array:
    """Share of each pixel inside, over an edge of `width`."""
    return np.clip(np.float32(0.5) - distance / np.float32(width), 0, 1)


def beer_lambert(densities: dict[str, Array], vectors: dict[str, tuple[float, float, float]], white: Array) -> Array:
    """Colours (3, *S) of light that passed absorbers: white x exp(-sum of density x vector)."""
    absorbed = sum(
        np.asarray(vectors[k], np.float32)[:, None, None] * density[None] for k, density in densities.items()
    )
    return np.asarray(white, np.float32)[:, None, None] * np.exp(-np.asarray(absorbed, np.float32))
