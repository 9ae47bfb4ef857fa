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
    "mask": "a region of interest",
    "background": "a background region",
    "line": "a line, two voxel indices",
    "spacing": "the size of a voxel in mm",
    "features": "a feature network",
    "segmentor": "a trained segmentation network",
    "classes": "the true class of each case",
    "lesions": "the true lesions of each image",
    "landmarks": "pairs of landmarks",
    "seams": "where patches meet",
    "images": "the number of images",
    "labels": "reference labels",
    "readers": "the answers of people (reader studies, which are not available yet)",
    "uptake": "injected activity, time since injection and body weight",
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
    number; words that it `takes` are given where they are known. `better` is "higher", "lower", or
    "closer to N", or "neither". `unit` may be "image" for the image's own. A measure of `dims` 2 alone sees a volume
    slice by slice. `level` is "case", or "many" where one number stands for many cases.
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
    takes: tuple[str, ...] = ()
    level: str = "case"

    @property
    def reference(self) -> bool:
        """Whether a reference image is needed."""
        return "target" in self.needs

    def __call__(self, **words: Any) -> float:
        """Measure one case; words that the measure does not need are ignored.

        A word may be the reason, a NotApplicable, for which the case does not have it.
        """
        missing = [word for word in self.needs if words.get(word) is None]
        if missing:
            raise NotApplicable(f"it needs {NEEDS.get(missing[0], missing[0])}")
        for word in self.needs:
            if isinstance(words[word], NotApplicable):
                raise words[word]
        known = [word for word in self.takes if words.get(word) is not None]
        return float(self.function(**{word: words[word] for word in (*self.needs, *known)}))

    def label(self, **words: Any) -> str:
        """Name of the number: a feature network is part of it, as in perceptual[phantom-cnn]."""
        network = words.get("features") if "features" in self.needs else None
        return self.name if network is None else f"{self.name}[{network.name}]"


def checked(output: Array, target: Array) -> tuple[Array, Array]:
    """Bring two images to double precision, one slice as a plane, or say why they cannot be compared."""
    if output.shape != target.shape:
        raise ValueError(f"output {output.shape} and target {target.shape} differ in shape")
    return finite(output), finite(target)


def finite(image: Array) -> Array:
    """Bring an image to double precision, a volume of one slice to a plane; refuse what is not a number."""
    found = np.asarray(image, np.float64)
    if not np.isfinite(found).all():
        raise ValueError("an image holds values that are not finite")
    return found[..., 0] if found.ndim == 4 and found.shape[-1] == 1 else found


def inside(image: Array, mask: Array | None) -> Array:
    """The values of all channels (C, N) of an image where a mask (*S or 1, *S) is set; all without one."""
    flat = image.reshape(image.shape[0], -1)
    if mask is None:
        return flat
    chosen = np.asarray(mask, bool).reshape(-1)
    if chosen.size != flat.shape[1]:
        raise ValueError(f"mask {np.shape(mask)} and image {image.shape} differ in shape")
    if not chosen.any():
        raise NotApplicable("the region is empty")
    return flat[:, chosen]


def in_bytes(image: Array, data_range: Range) -> Array:
    """Map a declared range to 0..255, the scale on which some measures have their constants; nothing is clipped."""
    return (image - float(data_range[0])) * (255.0 / width_of(data_range))


def width_of(data_range: Range) -> float:
    """Width of a declared range, which must not be empty."""
    low, high = data_range
    if not high > low:
        raise ValueError(f"the data range ({low}, {high}) is empty")
    return float(high) - float(low)
