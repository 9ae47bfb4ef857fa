"""M6: global contrast factor."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, Range, finite, in_bytes

SIDES = (1, 2, 4, 8, 16, 25, 50, 100, 200)
GREY = np.array([0.299, 0.587, 0.114])


def weight(level: int) -> float:
    """Weight of resolution `level`, 1 to 9 (Matkovic et al. 2005, fitted to viewers)."""
    share = level / len(SIDES)
    return (-0.406385 * share + 0.334573) * share + 0.0877526


def global_contrast_factor(output: Array, data_range: Range) -> float:
    """Global contrast factor (Matkovic et al. 2005): weighted mean contrast of lightness at nine resolutions.

    The declared range is mapped to 0..255 and clipped; light is linear, (I / 255)^2.2, averaged in
    superpixels of side 1, 2, 4, 8, 16, 25, 50, 100, 200, then lightness 100 sqrt(l); contrast is the mean
    absolute difference to the neighbours at four sides (those there are). Superpixels that do not fit are
    dropped, a level of fewer than two counts 0. Colour is brought to grey. Compare equal sizes only.
    """
    image = in_bytes(finite(output), data_range).clip(0, 255)
    if image.ndim != 3:
        raise ValueError("the global contrast factor is defined in two dimensions: score the slices of a volume")
    grey = np.tensordot(GREY, image, 1) if len(image) == 3 else image.mean(0)
    light = (grey / 255) ** 2.2
    return sum(weight(k) * _contrast(_superpixels(light, side)) for k, side in enumerate(SIDES, 1))


def _superpixels(light: Array, side: int) -> Array:
    rows, columns = (n // side for n in light.shape)
    return light[: rows * side, : columns * side].reshape(rows, side, columns, side).mean((1, 3))


def _contrast(light: Array) -> float:
    if light.size < 2:
        return 0.0
    lightness = 100 * np.sqrt(light)
    total, count = np.zeros(light.shape), np.zeros(light.shape)
    for axis in (0, 1):
        step = np.abs(np.diff(lightness, axis=axis))
        before = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        after = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        for place in (before, after):
            total[place] += step
            count[place] += 1
    return float((total / count).mean())


GCF = Metric(
    "M6",
    "gcf",
    global_contrast_factor,
    "higher",
    "",
    "0 to infinity",
    ("output", "data_range"),
    "Matkovic et al. 2005",
    dims=(2,),
)
