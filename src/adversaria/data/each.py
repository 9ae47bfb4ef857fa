"""Scales of images that are joined to the channels of one: each part by its own rule."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.vocabulary import UserError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class EachScale:
    """The scales of the parts of a joined image, each for as many channels; the numbers are the first one's."""

    low: float
    high: float
    into: tuple[float, float]
    parts: tuple[Any, ...]

    def forward(self, array: Array) -> Array:
        """Bring physical values (C, *S) to the network's range."""
        made = [scale.forward(part) for scale, part in zip(self.parts, self._split(array, 0), strict=True)]
        joined: Array = np.concatenate(made).astype(np.float32)
        return joined

    def inverse(self, array: Array) -> Array:
        """Bring the network's values (N, C, *S) back to physical ones."""
        made = [scale.inverse(part) for scale, part in zip(self.parts, self._split(array, 1), strict=True)]
        joined: Array = np.concatenate(made, 1).astype(np.float32)
        return joined

    def clipped(self, array: Array) -> float:
        """The largest share of a part that lies outside its own window."""
        return max(scale.clipped(part) for scale, part in zip(self.parts, self._split(array, 0), strict=True))

    def _split(self, array: Array, axis: int) -> list[Array]:
        return list(np.split(array, len(self.parts), axis))


@dataclass(frozen=True)
class Each:
    """A rule for each of the images that are joined to one word (`source: ct+mask`), in their order.

    In a recipe a list: `source: [!Window {low: -1000, high: 1500}, !Window {low: 0, high: 1}]`.
    """

    rules: tuple[Any, ...]

    def fit(self, array: Array) -> EachScale:
        """Give the scale of a joined image (C, *S); every part has as many channels. UserError: it has not."""
        if len(array) % len(self.rules):
            raise UserError(
                f"{len(self.rules)} rules of intensity do not go with {len(array)} channels.",
                "Write one rule for each of the joined images, all of as many channels, or one rule for all.",
            )
        parts = np.split(array, len(self.rules))
        scales = tuple(rule.fit(part) for rule, part in zip(self.rules, parts, strict=True))
        return EachScale(scales[0].low, scales[0].high, tuple(scales[0].into), scales)
