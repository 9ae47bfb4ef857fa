"""Intensity scalings that are recorded and can be undone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.each import Each, EachScale
from adversaria.data.labels import Labels, LabelScale
from adversaria.vocabulary import UserError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """A straight line from [low, high] in physical units to `into`; with `clip` values outside are clipped."""

    low: float
    high: float
    into: tuple[float, float] = (-1.0, 1.0)
    clip: bool = True

    def forward(self, array: Array) -> Array:
        """Bring physical values to the network's range."""
        first, last = self.into
        slope = np.float32((last - first) / (self.high - self.low))
        clipped = np.clip(array, np.float32(self.low), np.float32(self.high)) if self.clip else array
        return (clipped - np.float32(self.low)) * slope + np.float32(first)

    def inverse(self, array: Array) -> Array:
        """Bring the network's values back to physical ones."""
        first, last = self.into
        slope = np.float32((self.high - self.low) / (last - first))
        return (array - np.float32(first)) * slope + np.float32(self.low)

    def clipped(self, array: Array) -> float:
        """Share of the values that lie outside [low, high]."""
        return float(np.mean((array < self.low) | (array > self.high))) if array.size and self.clip else 0.0


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


@dataclass(frozen=True)
class Peak:
    """Division by the `percentile` of the case's magnitudes: 0 stays 0 and nothing is clipped.

    For reconstruction with data consistency: what is linear in the image stays so. Complex images, as two channels,
    keep their phase.
    """

    percentile: float = 99.5
    into: tuple[float, float] = (0.0, 1.0)

    def fit(self, array: Array) -> Scale:
        """Give the scale of a case."""
        if self.into[0] != 0:
            raise UserError("the scale !Peak keeps 0.", "Write into: [0, 1], or use !Window.")
        magnitudes = np.abs(array)
        top = float(np.percentile(magnitudes[magnitudes > 0], self.percentile)) if magnitudes.any() else 0.0
        if not top > 0:
            raise UserError("the image is zero everywhere.", "Leave it out: there is nothing to learn from it.")
        return Scale(0.0, top, self.into, clip=False)


@dataclass(frozen=True)
class Shared:
    """The scale of another `word` of the same case, so that both stay comparable: a target with its source."""

    word: str = "source"


@dataclass(frozen=True)
class Following:
    """A word that takes the scale of another, and that one's rule."""

    word: str
    rule: "Window | Percentile | Peak"

    def fit(self, array: Array) -> Scale:
        """Give the scale that the other word's rule would give these values."""
        return self.rule.fit(array)


Intensity = Window | Percentile | Labels | Peak | Following | Each
Scaling = Scale | LabelScale | EachScale


def typical(scales: list[Any]) -> Any:
    """The median of several scales: what an output is given when its own case has no target to fit."""
    lows, highs = (float(np.median([getattr(s, side) for s in scales])) for side in ("low", "high"))
    if isinstance(scales[0], EachScale):
        parts = tuple(typical([s.parts[k] for s in scales]) for k in range(len(scales[0].parts)))
        return EachScale(lows, highs, scales[0].into, parts)
    return Scale(lows, highs, scales[0].into, getattr(scales[0], "clip", True))
