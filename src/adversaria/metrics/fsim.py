"""M17: feature similarity."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked, in_bytes
from adversaria.metrics.phase_congruency import phase_congruency

CONGRUENCY, GRADIENT, COLOUR, COLOUR_POWER = 0.85, 160.0, 200.0, 0.03
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def feature_similarity(output: Array, target: Array, data_range: Range) -> float:
    """FSIM (Zhang et al. 2011, eq. 6), or FSIMc (eq. 9) for images of three colours, red, green, blue.

    Agreement in phase congruency and in the gradient, weighted by the larger phase congruency. The
    declared range is mapped to 0..255; images with sides of 384 pixels and more are first averaged and
    halved (and so on) towards 256.
    """
    first, second = (in_bytes(image, data_range) for image in checked(output, target))
    if first.ndim != 3:
        raise ValueError("FSIM is defined in two dimensions: score the slices of a volume")
    if len(first) not in (1, 3):
        raise NotApplicable(f"it is defined for one channel or three colours, not for {len(first)}")
    planes = [_planes(image) for image in (first, second)]
    congruency = [phase_congruency(p[0]) for p in planes]
    weight = np.maximum(*congruency)
    if not weight.any():
        raise NotApplicable("neither image has a feature")
    gradients = [_gradient(p[0]) for p in planes]
    similar = _alike(congruency[0], congruency[1], CONGRUENCY) * _alike(gradients[0], gradients[1], GRADIENT)
    if len(first) == 3:
        hue = _alike(planes[0][1], planes[1][1], COLOUR) * _alike(planes[0][2], planes[1][2], COLOUR)
        # the paper takes the real part where the product is negative
        similar = similar * np.real(hue.astype(complex) ** COLOUR_POWER)
    return float((similar * weight).sum() / weight.sum())


def _alike(first: Array, second: Array, constant: float) -> Array:
    return (2 * first * second + constant) / (first**2 + second**2 + constant)


def _planes(image: Array) -> Array:
    """Lightness, and the two colour differences of three colours, made smaller."""
    from scipy.ndimage import uniform_filter

    planes = np.tensordot(YIQ, image, 1) if len(image) == 3 else image
    factor = max(1, round(min(image.shape[1:]) / 256))
    if factor == 1:
        return planes
    # an even window has its centre before the middle, as a filter of "same" size has
    shift = -((factor + 1) % 2)
    means = [uniform_filter(p, factor, mode="constant", origin=shift) for p in planes]
    return np.stack(means)[:, ::factor, ::factor]


def _gradient(plane: Array) -> Array:
    from scipy.ndimage import correlate1d

    def scharr(axis: int) -> Array:
        smooth = correlate1d(plane, [3 / 16, 10 / 16, 3 / 16], 1 - axis, mode="constant")
        return correlate1d(smooth, [1, 0, -1], axis, mode="constant")

    return np.hypot(scharr(0), scharr(1))


FSIM = Metric(
    "M17",
    "fsim",
    feature_similarity,
    "higher",
    "",
    "0 to 1",
    ("output", "target", "data_range"),
    "Zhang et al. 2011",
    dims=(2,),
)
