"""M7: Qv, how sharp the vessels of a fundus photograph are."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, finite, in_bytes

PATCH = 8
SCALES = (1.0, 2.0, 3.0)
BLOB, STRUCTURE = 0.5, 15.0


def threshold(patch: int = PATCH) -> float:
    """Coherence above which a patch is anisotropic; noise passes it once in a thousand times."""
    a = 0.001 ** (1 / (patch**2 - 1))
    return float(np.sqrt((1 - a) / (1 + a)))


def patch_structure(patches: Array) -> tuple[Array, Array]:
    """Coherence R = (s1 - s2) / (s1 + s2) and sharpness s1 R of patches (M, N, N), s the gradient's singular values.

    Differences are taken inside the patch: central, one-sided at its rim.
    """
    down, across = np.gradient(patches, axis=(1, 2))
    aa, bb, ab = ((x * y).sum((1, 2)) for x, y in ((down, down), (across, across), (down, across)))
    middle, spread = (aa + bb) / 2, np.hypot((aa - bb) / 2, ab)
    first, second = np.sqrt(middle + spread), np.sqrt(np.maximum(middle - spread, 0))
    total = first + second
    coherence = np.divide(first - second, total, out=np.zeros_like(total), where=total > 0)
    return coherence, first * coherence


def vesselness(plane: Array) -> Array:
    """Dark tubes in a plane on 0..255, 0 to 1 (Frangi et al. 1998), largest over scales of 1, 2 and 3 pixels.

    The structure constant is fixed at 15: one taken from the image itself rises again under noise.
    """
    from scipy.ndimage import gaussian_filter

    best = np.zeros(plane.shape)
    for scale in SCALES:
        rr, cc, rc = (
            scale**2 * gaussian_filter(plane, scale, order=order, mode="nearest") for order in ((2, 0), (0, 2), (1, 1))
        )
        middle, spread = (rr + cc) / 2, np.hypot((rr - cc) / 2, rc)
        strong = np.where(np.abs(middle + spread) > np.abs(middle - spread), middle + spread, middle - spread)
        weak = 2 * middle - strong
        ratio = np.divide(weak, strong, out=np.zeros_like(weak), where=strong != 0)
        found = np.exp(-(ratio**2) / (2 * BLOB**2)) * (1 - np.exp(-(strong**2 + weak**2) / (2 * STRUCTURE**2)))
        best = np.maximum(best, np.where(strong > 0, found, 0))
    return best


def vessel_quality(output: Array, data_range: Range) -> float:
    """Qv (Koehler et al. 2013): sharpness s1 R of anisotropic patches of 8 pixels, weighted by vesselness.

    Taken in the green channel (the second of three, or the only one) on 0..255. The weight is the standard
    deviation of the vesselness in the patch. The paper's way of pooling could not be confirmed: compare
    within these numbers only.
    """
    image = finite(output)
    if image.ndim != 3 or len(image) not in (1, 3):
        raise ValueError("Qv looks at images of one channel or three colours in two dimensions")
    green = in_bytes(image[len(image) // 2], data_range)
    patches = _patches(green)
    if not len(patches):
        raise NotApplicable(f"the image is smaller than a patch of {PATCH} pixels")
    coherence, sharpness = patch_structure(patches)
    chosen = coherence > threshold()
    if not chosen.any():
        raise NotApplicable("no patch has a direction")
    weights = _patches(vesselness(green)).std((1, 2))
    return float((weights * sharpness)[chosen].mean())


def _patches(plane: Array) -> Array:
    rows, columns = (n // PATCH for n in plane.shape)
    cut = plane[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH)
    return cut.swapaxes(1, 2).reshape(-1, PATCH, PATCH)


_WORDS = ("output", "data_range")
QV = Metric("M7", "qv", vessel_quality, "higher", "", "0 to infinity", _WORDS, "Koehler et al. 2013", dims=(2,))
