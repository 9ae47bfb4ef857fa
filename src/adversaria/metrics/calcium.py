"""M29: coronary calcium, a clinical number that is counted in an image."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, checked, finite

LEAST, STEPS = 130.0, (200.0, 300.0, 400.0)
SMALLEST_AREA = 1.0  # mm^2


def density_weight(peak: float) -> int:
    """Weight of a lesion by its largest value in HU: 1 from 130, 2 from 200, 3 from 300, 4 from 400."""
    return 0 if peak < LEAST else 1 + sum(peak >= step for step in STEPS)


def agatston(output: Array, spacing: tuple[float, ...], mask: Array | None = None) -> float:
    """Agatston score (Agatston et al. 1990) of a CT in HU: area (mm^2) times density weight, over lesions and slices.

    A lesion is a piece of at least 1 mm^2, joined by sides or corners in a slice (the last axis counts
    slices), at or above 130 HU, in the mask (the coronary arteries) if one is given. Defined for slices
    of 3 mm; other thicknesses are scaled by thickness / 3, as is usual.
    """
    from scipy.ndimage import label, maximum

    image = finite(output)[0]
    region = np.ones(image.shape, bool) if mask is None else np.asarray(mask, bool).reshape(image.shape)
    volume = image if image.ndim == 3 else image[..., None]
    dense = (volume >= LEAST) & region.reshape(volume.shape)
    thick = spacing[2] / 3.0 if image.ndim == 3 and len(spacing) > 2 else 1.0
    area, total = spacing[0] * spacing[1], 0.0
    for k in range(volume.shape[-1]):
        pieces, count = label(dense[..., k], np.ones((3, 3)))
        if not count:
            continue
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:] * area
        peaks = maximum(volume[..., k], pieces, np.arange(1, count + 1))
        total += sum(s * density_weight(p) for s, p in zip(sizes, peaks, strict=True) if s >= SMALLEST_AREA)
    return float(total * thick)


def agatston_error(output: Array, target: Array, spacing: tuple[float, ...], mask: Array | None = None) -> float:
    """Agatston score of the image minus that of the reference."""
    first, second = checked(output, target)
    return agatston(first, spacing, mask) - agatston(second, spacing, mask)


_PAPER = "Agatston et al. 1990"
_OPEN, _MASK = "0 to infinity", ("mask",)
AGATSTON = Metric("M29", "agatston", agatston, "neither", "", _OPEN, ("output", "spacing"), _PAPER, takes=_MASK)
AGATSTON_ERROR = Metric(
    "M29",
    "agatston_error",
    agatston_error,
    "closer to 0",
    "",
    "any",
    ("output", "target", "spacing"),
    _PAPER,
    takes=_MASK,
)
