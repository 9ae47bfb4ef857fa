"""M19: mutual information of two images."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked, inside, width_of

BINS = 64
CHUNK = 2**22  # voxels binned at once


def joint_histogram(
    output: Array, target: Array, data_range: Range, bins: int = BINS, mask: Array | None = None
) -> Array:
    """Share (bins, bins) of voxel pairs by intensity; values outside the declared range count in the outer bins."""
    low, width = float(data_range[0]), width_of(data_range)
    first, second = (inside(image, mask).ravel() for image in checked(output, target))
    counts = np.zeros(bins * bins, np.int64)
    for start in range(0, first.size, CHUNK):
        rows, columns = (
            np.clip(((image[start : start + CHUNK] - low) * (bins / width)).astype(np.int64), 0, bins - 1)
            for image in (first, second)
        )
        counts += np.bincount(rows * bins + columns, minlength=bins * bins)
    return counts.reshape(bins, bins) / first.size


def information_of(joint: Array) -> tuple[float, float, float]:
    """Entropies of rows, of columns, and of both together, in nats, of a joint distribution."""
    return _entropy(joint.sum(1)), _entropy(joint.sum(0)), _entropy(joint.ravel())


def mutual_information(
    output: Array, target: Array, data_range: Range, mask: Array | None = None, bins: int = BINS
) -> float:
    """H(A) + H(B) - H(A, B) in nats, from a joint histogram of 64 bins an image over the declared range."""
    first, second, both = information_of(joint_histogram(output, target, data_range, bins, mask))
    return max(0.0, first + second - both)


def normalised_mutual_information(
    output: Array, target: Array, data_range: Range, mask: Array | None = None, bins: int = BINS
) -> float:
    """(H(A) + H(B)) / H(A, B), from 1 to 2 (Studholme et al. 1999); 64 bins an image over the declared range.

    Not defined where both images fall into one bin each.
    """
    first, second, both = information_of(joint_histogram(output, target, data_range, bins, mask))
    if both == 0:
        raise NotApplicable("both images fall into a single bin of the declared range")
    return (first + second) / both


def _entropy(shares: Array) -> float:
    kept = shares[shares > 0]
    return float(-(kept * np.log(kept)).sum())


_WORDS, _MASK = ("output", "target", "data_range"), ("mask",)
_PAPER = "Pluim et al. 2003"
MUTUAL_INFORMATION = Metric(
    "M19", "mutual_information", mutual_information, "higher", "nat", "0 to ln 64", _WORDS, _PAPER, takes=_MASK
)
NORMALISED_MUTUAL_INFORMATION = Metric(
    "M19",
    "normalised_mutual_information",
    normalised_mutual_information,
    "higher",
    "",
    "1 to 2",
    _WORDS,
    _PAPER,
    takes=_MASK,
)
