"""M32: agreement of segmentations."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.facts import Array, Metric, NotApplicable

Mask = NDArray[np.bool_]


def _labels(output: Array, target: Array) -> list[tuple[Mask, Mask]]:
    """Pairs of masks, one for each label above 0 of either map (1, *S)."""
    first, second = np.asarray(output), np.asarray(target)
    if first.shape != second.shape:
        raise ValueError(f"output {first.shape} and target {second.shape} differ in shape")
    if any(not np.array_equal(x, np.rint(x)) for x in (first, second)):
        raise ValueError("these are not label maps: they hold values that are not whole numbers")
    if len(first) != 1:
        raise ValueError("a label map has one channel")
    found = sorted(set(np.unique(first)) | set(np.unique(second)) - {0})
    return [(first[0] == label, second[0] == label) for label in found if label != 0]


def dice(output: Array, target: Array) -> float:
    """2 |A and B| / (|A| + |B|) of label maps, averaged over the labels; 1 where both maps are empty."""
    pairs = _labels(output, target)
    return float(np.mean([2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in pairs])) if pairs else 1.0


def jaccard(output: Array, target: Array) -> float:
    """|A and B| / |A or B| of label maps, averaged over the labels; 1 where both maps are empty."""
    pairs = _labels(output, target)
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in pairs])) if pairs else 1.0


def surface_distances(first: Mask, second: Mask, spacing: tuple[float, ...]) -> tuple[Array, Array]:
    """Distances (mm) from each surface voxel of one mask (*S) to the other's surface, and back.

    A surface voxel has a neighbour along an axis that is not in the mask, or lies at the image's rim.
    """
    from scipy.ndimage import distance_transform_edt

    step = tuple(float(s) for s in spacing[: first.ndim])
    rims = [_surface(mask) for mask in (first, second)]
    away = [distance_transform_edt(~rim, sampling=step) for rim in rims]
    return away[1][rims[0]], away[0][rims[1]]


def _surface(mask: Mask) -> Mask:
    from scipy.ndimage import binary_erosion

    return mask & ~binary_erosion(mask)


def _over_labels(output: Array, target: Array, spacing: tuple[float, ...], of: Callable[[Array, Array], Any]) -> float:
    values = []
    for a, b in _labels(output, target):
        if not (a.any() and b.any()):
            raise NotApplicable("a label is present in one of the two maps alone: its distance does not exist")
        values.append(of(*surface_distances(a, b, spacing)))
    return float(np.mean(values)) if values else 0.0


def hausdorff(output: Array, target: Array, spacing: tuple[float, ...]) -> float:
    """Largest distance (mm) between surfaces of label maps, averaged over the labels; 0 where both are empty.

    Not defined where a label is missing in one of them.
    """
    return _over_labels(output, target, spacing, lambda a, b: max(a.max(), b.max()))


def hausdorff95(output: Array, target: Array, spacing: tuple[float, ...]) -> float:
    """The larger of the two directed 95th percentiles of the distances (mm) between surfaces; see `hausdorff`."""
    return _over_labels(output, target, spacing, lambda a, b: max(np.percentile(a, 95), np.percentile(b, 95)))


def surface_distance(output: Array, target: Array, spacing: tuple[float, ...]) -> float:
    """Mean distance (mm) between surfaces over the points of both (symmetric); see `hausdorff`."""
    return _over_labels(output, target, spacing, lambda a, b: np.concatenate([a, b]).mean())


_MAPS, _PLACED = ("output", "target"), ("output", "target", "spacing")
DICE = Metric("M32", "dice", dice, "higher", "", "0 to 1", _MAPS, "Dice 1945")
JACCARD = Metric("M32", "jaccard", jaccard, "higher", "", "0 to 1", _MAPS, "Jaccard 1901")
HAUSDORFF = Metric("M32", "hausdorff", hausdorff, "lower", "mm", "0 to infinity", _PLACED, "definition")
HAUSDORFF95 = Metric("M32", "hausdorff95", hausdorff95, "lower", "mm", "0 to infinity", _PLACED, "definition")
ASSD = Metric("M32", "assd", surface_distance, "lower", "mm", "0 to infinity", _PLACED, "definition")
