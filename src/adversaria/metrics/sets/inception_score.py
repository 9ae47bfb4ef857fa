"""M3: how sure and how varied a classifier is about a set of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.draws import order
from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]


def class_score(probabilities: Array, splits: int = 10) -> tuple[float, float]:
    """exp(mean KL(p(c|x) || p(c))) of class probabilities (n, K): mean and standard deviation (n) over splits."""
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or (p < 0).any() or not np.allclose(p.sum(1), 1, atol=1e-5):
        raise ValueError("rows of class probabilities that sum to 1 are expected")
    found = []
    for part in np.array_split(p, splits):
        ratio = np.divide(part, part.mean(0), out=np.ones_like(part), where=part > 0)
        found.append(float(np.exp((part * np.log(ratio)).sum(1).mean())))
    return float(np.mean(found)), float(np.std(found))


def inception_score(probabilities: Array) -> Estimate:
    """Inception score (Salimans et al. 2016) of a set, with the classifier that the number is named after.

    Between 1 and the classifier's number of classes. Ten splits as published, fewer where a split would
    have under ten images. It never looks at a reference, and rewards whatever its classes are about.
    """
    splits = max(1, min(10, len(probabilities) // 10))
    shuffled = probabilities[order(len(probabilities), "inception-score")]
    mean, deviation = class_score(shuffled, splits)
    return Estimate(mean, note=f"standard deviation {deviation:.3g} over {splits} splits, {shuffled.shape[1]} classes")


INCEPTION_SCORE = SetMetric(
    "M3",
    "inception_score",
    inception_score,
    "higher",
    "",
    "1 to the number of classes",
    ("probabilities",),
    "Salimans et al. 2016",
    fewest=10,
    few=1000,
)
