"""Measures of sets beside their peers (B10): the algebra of FID, the kernel distance, nearest neighbours.

All take the same features, in double precision, and start from them: moments count on both sides.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from monai.metrics.fid import get_fid_score
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from adversaria.metrics.sets import frechet, kernel, neighbours
from benchmarks.result import Found
from benchmarks.timing import Ratio, compare

WIDTH, MANY, FEW, KERNEL = 2048, 2000, 500, 1000
Array = NDArray[np.float64]


def features(images: int, width: int) -> tuple[Array, Array]:
    """Two sets of rectified features with a decaying spectrum, as networks give them."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(width, width)) * np.exp(-8 * np.arange(width) / width)
    one, two = (np.maximum(random.normal(size=(images, width)) @ mixing.T / np.sqrt(width) + k, 0) for k in (0, 0.02))
    return one, two


def agreed(name: str, ours: Callable[[], float], theirs: Callable[[], float], tolerance: float) -> float:
    """Refuse to time what does not give the same number; tell the relative difference."""
    one, two = ours(), theirs()
    difference = abs(one - two) / abs(two)
    if difference > tolerance:
        raise AssertionError(f"{name}: {one} is not {two}")
    return difference


def rows() -> list[tuple[Ratio, float]]:
    """Time each pair."""
    warnings.simplefilter("ignore")
    found = []
    for images, goal in ((MANY, 5.0), (FEW, 30.0)):
        one, two = features(images, WIDTH)
        first, second = torch.from_numpy(one), torch.from_numpy(two)
        name = f"B10 FID algebra, {images} images of {WIDTH} features"
        monai, torchmetrics = _fid_peers(first, second)
        ours = _fid(one, two)
        found.append((compare(name, "MONAI", ours, monai, 2, goal), agreed(name, ours, monai, 1e-5)))
        found.append((compare(name, "torchmetrics", ours, torchmetrics, 3), agreed(name, ours, torchmetrics, 1e-5)))
    one, two = features(KERNEL, WIDTH)
    name = f"KID from features, {KERNEL} images of {WIDTH}"
    first, second = torch.from_numpy(one), torch.from_numpy(two)
    pair = (lambda: kernel.kernel_distance(one, two)), (lambda: float(poly_mmd(first, second)))
    found.append((compare(name, "torchmetrics", *pair, 5), agreed(name, *pair, 1e-6)))
    name = f"radii of {KERNEL} images of {WIDTH} features, k = 3"
    pair = (
        lambda: float(neighbours.radii(one, 3).mean()),
        lambda: float(NearestNeighbors(n_neighbors=3, algorithm="brute").fit(one).kneighbors()[0][:, 2].mean()),
    )
    found.append((compare(name, "scikit-learn", *pair, 5), agreed(name, *pair, 1e-6)))
    return found


def _fid(one: Array, two: Array) -> Callable[[], float]:
    return lambda: frechet.frechet_distance(one, two)


def _fid_peers(one: torch.Tensor, two: torch.Tensor) -> tuple[Callable[[], float], Callable[[], float]]:
    def torchmetrics() -> float:
        return float(_compute_fid(one.mean(0), torch.cov(one.T), two.mean(0), torch.cov(two.T)))

    return (lambda: float(get_fid_score(one, two))), torchmetrics


def section() -> Found:
    """B10."""
    torch.set_num_threads(1)
    found = rows()
    return Found(
        "Measures of sets",
        "Double precision, from features to the number. One thread's CPU time.",
        (*Ratio.HEAD, "relative difference of the values"),
        [[*ratio.row(), f"{difference:.0e}"] for ratio, difference in found],
        [goal for ratio, _ in found if (goal := ratio.judged())],
        [
            "MONAI and torchmetrics take a square root of a product of covariances, whose size is the number of "
            "features; ours is as small as the sets where images are fewer than features."
        ],
    )
