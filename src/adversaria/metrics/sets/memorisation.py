"""Does a model repeat the images that it was trained on?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.sets.facts import Estimate, SetMetric
from adversaria.metrics.sets.neighbours import nearest

Array = NDArray[np.floating[Any]]


def memorisation(output_features: Array, reference_features: Array, training_features: Array) -> Estimate:
    """Median distance to the nearest training image, over that of held-out real images.

    1: as far from the training set as unseen patients are. Well below 1: near copies. The references must
    not have been trained on.
    """
    made, real = _both(output_features, reference_features, training_features)
    middle = float(np.median(real))
    if middle == 0:
        raise ValueError("the references lie in the training set: they must be held out")
    closer = float(np.mean(made < np.quantile(real, 0.05)))
    said = f"{closer:.0%} of images lie nearer to a training image than 95 % of held-out ones do (5 % expected)"
    return Estimate(float(np.median(made)) / middle, note=said)


def data_copying(output_features: Array, reference_features: Array, training_features: Array) -> Estimate:
    """z of the rank test of those distances (Meehan et al. 2020, global form).

    Standard normal where generated images lie as far from the training set as held-out ones; below about
    -2 they lie closer (copying), above 2 farther (underfitting).
    """
    from scipy.stats import rankdata

    made, real = _both(output_features, reference_features, training_features)
    n, m = len(made), len(real)
    ranks, ties = rankdata(np.concatenate([made, real])), np.unique(np.concatenate([made, real]), return_counts=True)[1]
    above = ranks[:n].sum() - n * (n + 1) / 2
    variance = n * m / 12 * (n + m + 1 - float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1)))
    return Estimate(float((above - n * m / 2) / np.sqrt(variance)) if variance > 0 else 0.0)


def _both(output: Array, reference: Array, training: Array) -> tuple[Array, Array]:
    known = np.asarray(training, np.float64)
    return nearest(output, known), nearest(reference, known)


_WORDS = ("output_features", "reference_features", "training_features")
MEMORISATION = SetMetric(
    "memorisation",
    "memorisation",
    memorisation,
    "closer to 1",
    "",
    "0 to infinity",
    _WORDS,
    "ours, after Meehan et al. 2020",
    fewest=10,
    few=50,
)
DATA_COPYING = SetMetric(
    "data-copying",
    "data_copying",
    data_copying,
    "closer to 0",
    "z",
    "any",
    _WORDS,
    "Meehan et al. 2020",
    fewest=10,
    few=50,
)
