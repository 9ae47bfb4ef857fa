"""What is known about a measure, beside the function that computes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Range = tuple[float, float]


NEEDS = {
    "target": "a reference image",
    "noise_target": "a noisy reference and the noise-free truth",
    "truth": "the noise-free truth",
    "flat": "an even region of the noise-free truth",
    "lesion": "a lesion mask",
    "data_range": "a declared data range",
}


class NotApplicable(Exception):
    """The measure does not exist for this case (for example: it has no lesion)."""


@dataclass(frozen=True)
class Metric:
    """A measure of one case and its facts.

    `function` takes images (C, *S) in physical units and the words that `needs` names, and gives one
    number. `better` is "higher", "lower", or "closer to N". `unit` may be "image" for the image's own.
    """

    key: str
    name: str
    function: Callable[..., float]
    better: str
    unit: str
    range: str
    needs: tuple[str, ...]
    paper: str
    dims: tuple[int, ...] = (2, 3)

    @property
    def reference(self) -> bool:
        """Whether a reference image is needed."""
        return "target" in self.needs

    def __call__(self, **words: Any) -> float:
        """Measure one case; words that the measure does not need are ignored."""
        missing = [word for word in self.needs if words.get(word) is None]
        if missing:
            raise NotApplicable(f"it needs {NEEDS.get(missing[0], missing[0])}")
        return float(self.function(**{word: words[word] for word in self.needs}))


def checked(output: Array, target: Array) -> tuple[Array, Array]:
    """Bring two images to double precision, or say why they cannot be compared."""
    if output.shape != target.shape:
        raise ValueError(f"output {output.shape} and target {target.shape} differ in shape")
    first, second = np.asarray(output, np.float64), np.asarray(target, np.float64)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("an image holds values that are not finite")
    return first, second


def width_of(data_range: Range) -> float:
    """Width of a declared range, which must not be empty."""
    low, high = data_range
    if not high > low:
        raise ValueError(f"the data range ({low}, {high}) is empty")
    return float(high) - float(low)
