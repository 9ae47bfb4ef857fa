"""Intensity scalings that are recorded and can be undone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adversaria.data.labels import Labels, LabelScale
from adversaria.vocabulary import UserError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """A straight line from [low, high] in physical units to `into`; values outside are clipped."""

    low: float
    high: float
    into: tuple[float, float] = (-1.0, 1.0)

    def forward(self, array: Array) -> Array:
        """Bring physical values to the network's range."""
        first, last = self.into
        slope = np.float32((last - first) / (self.high - self.low))
        clipped = np.clip(array, np.float32(self.low), np.float32(self.high))
        return (clipped - np.float32(self.low)) * slope + np.float32(first)

    def inverse(self, array: Array) -> Array:
        """Bring the network's values back to physical ones."""
        first, last = self.into
        slope = np.float32((self.high - self.low) / (last - first))
        return (array - np.float32(first)) * slope + np.float32(self.low)

    def clipped(self, array: Array) -> float:
        """Share of the values that lie outside [low, high]."""
        return float(np.mean((array < self.low) | (array > self.high))) if array.size else 0.0


@dataclass(frozen=True)
class Window:
    """The same window for every case, in the image's unit (HU for CT)."""

    low: float
    high: float
    into: tuple[float, float] = (-1.0, 1.0)

    def fit(self, array: Array) -> Scale:
        """Give the scale of a case."""
        if not self.high > self.low:
            raise UserError(f"a window from {self.low} to {self.high} is empty.", "Give low < high.")
        return Scale(self.low, self.high, self.into)


@dataclass(frozen=True)
class Percentile:
    """A window of each case's own, between two percentiles of its non-background values.

    Background is the most frequent value at the lower end (exactly the minimum), which brain-extracted
    and padded images carry in large numbers. For images in arbitrary units.
    """

    low: float = 0.5
    high: float = 99.5
    into: tuple[float, float] = (-1.0, 1.0)

    def fit(self, array: Array) -> Scale:
        """Give the scale of a case; a constant image has none."""
        inside = array[array > array.min()]
        if inside.size == 0:
            raise UserError("the image is constant.", "Leave it out: there is nothing to learn from it.")
        first, last = np.percentile(inside, [self.low, self.high])
        if not last > first:
            first, last = float(array.min()), float(array.max())
        return Scale(float(first), float(last), self.into)


Intensity = Window | Percentile | Labels
Scaling = Scale | LabelScale


def typical(scales: list[Scale]) -> Scale:
    """The median of several scales: what an output is given when its own case has no target to fit."""
    lows, highs = (float(np.median([getattr(s, side) for s in scales])) for side in ("low", "high"))
    return Scale(lows, highs, scales[0].into)
