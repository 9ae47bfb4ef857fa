"""Known ways in which an image can be worse, each in four steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Range = tuple[float, float]


@dataclass(frozen=True)
class Degradation:
    """One way of being worse: `apply(image, twin, level, data_range, random)` gives an image (C, *S).

    `levels` rise from mild to grave in `unit`. `twin` is the same subject without its lesion, or None.
    """

    name: str
    unit: str
    levels: tuple[float, ...]
    apply: Callable[[Array, Array | None, float, Range, np.random.Generator], Array]
    needs_twin: bool = False


def blur(image: Array, twin: Array | None, level: float, data_range: Range, random: np.random.Generator) -> Array:
    """Blur by a Gaussian of standard deviation `level` pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, (0, *(level,) * (image.ndim - 1)), mode="nearest"))


def noise(image: Array, twin: Array | None, level: float, data_range: Range, random: np.random.Generator) -> Array:
    """Add white noise of standard deviation `level` times the width of the range."""
    return image + np.float32(level * (data_range[1] - data_range[0])) * _grain(image, random)


def shift(image: Array, twin: Array | None, level: float, data_range: Range, random: np.random.Generator) -> Array:
    """Move by `level` whole pixels along the last axis, so that nothing is blurred; the rim is continued."""
    step = int(level)
    padded = np.pad(image, [(0, 0)] * (image.ndim - 1) + [(step, 0)], mode="edge")
    return padded[..., : image.shape[-1]]


def lesion_removal(
    image: Array, twin: Array | None, level: float, data_range: Range, random: np.random.Generator
) -> Array:
    """Erase the lesion by the share `level`; the rest of the image is untouched."""
    if twin is None:
        raise ValueError("a lesion is removed by the subject's twin without it, and there is none")
    return image + np.float32(level) * (twin - image)


def contrast_inversion(
    image: Array, twin: Array | None, level: float, data_range: Range, random: np.random.Generator
) -> Array:
    """Mix with the negative: contrast becomes 1 - 2 `level` times what it was."""
    return image + np.float32(level) * (np.float32(sum(data_range)) - 2 * image)


def rescanned(image: Array, data_range: Range, random: np.random.Generator) -> Array:
    """A repeated scan of the same subject: white noise of 0.5 to 2 % of the range, as scans differ."""
    level = 0.005 * 4 ** random.uniform()
    return np.asarray(noise(image, None, level, data_range, random), np.float32)


def _grain(image: Array, random: np.random.Generator) -> Array:
    return random.standard_normal(image.shape, dtype=np.float32)


DEGRADATIONS = (
    Degradation("blur", "pixels", (0.5, 1, 2, 4), blur),
    Degradation("noise", "of the range", (0.02, 0.05, 0.1, 0.2), noise),
    Degradation("shift", "pixels", (1, 2, 4, 8), shift),
    Degradation("lesion removal", "share", (0.25, 0.5, 0.75, 1), lesion_removal, needs_twin=True),
    Degradation("contrast inversion", "share", (0.25, 0.45, 0.75, 1), contrast_inversion),
)
MODE_DROP = Degradation("mode drop", "quarters of the set", (1, 2, 3), lambda image, *_: image)


def dropped(images: list[Array], quarters: int) -> list[Array]:
    """The set without `quarters` of its four modes, filled up by repeating what is left.

    Modes are the quarters of the set along the first principal component of the pixel values.
    """
    flat = np.stack([image.ravel() for image in images]).astype(np.float64)
    centred = flat - flat.mean(0)
    _, vectors = np.linalg.eigh(centred @ centred.T)
    along = np.argsort(vectors[:, -1])
    kept = along[: max(1, len(images) * (4 - quarters) // 4)]
    return [images[kept[k % len(kept)]] for k in range(len(images))]
