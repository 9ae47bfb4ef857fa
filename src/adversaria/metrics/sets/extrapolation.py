"""The Frechet distance of endless sets, extrapolated from sets of several sizes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.draws import stream
from adversaria.metrics.sets.facts import Estimate, SetMetric
from adversaria.metrics.sets.frechet import frechet_distance

Array = NDArray[np.floating[Any]]

POINTS = 15
REPEATS = 4


def frechet_over_size(
    first: Array, second: Array, points: int = POINTS, repeats: int = REPEATS, seed: int = 0
) -> tuple[Array, Array]:
    """Sizes N (points,) and the mean distance of random subsets of N rows from each set, without replacement.

    Sizes are evenly spaced in 1/N from half of the smaller set to all of it, where the bias is nearly linear.
    """
    count = min(len(first), len(second))
    sizes = np.unique(np.rint(1 / np.linspace(1 / count, 2 / count, points)).astype(int))
    found = []
    for size in sizes:
        drawn = []
        for number in range(repeats):
            random = stream("frechet-over-size", seed, int(size), number)
            one, two = (part[random.permutation(len(part))[:size]] for part in (first, second))
            drawn.append(frechet_distance(one, two))
        found.append(float(np.mean(drawn)))
    return sizes, np.array(found)


def fid_infinity(output_features: Array, reference_features: Array) -> Estimate:
    """Frechet distance extrapolated to sets without end (Chong and Forsyth 2020).

    A line is fitted to the distance over 1/N, and read at 0. The paper draws new generated images for each
    size against fixed reference moments; here subsets of both sets are taken, which removes the bias of both.
    May fall below zero by chance. Needs clearly more images than features.
    """
    sizes, distances = frechet_over_size(output_features, reference_features)
    slope, value = np.polyfit(1 / sizes, distances, 1)
    note = f"from {distances[-1]:.4g} at {sizes[-1]} images a set to endless sets"
    if sizes[0] <= output_features.shape[1]:
        note += "; not enough images for the features: the line is not to be trusted"
    return Estimate(float(value), note=note)


FID_INFINITY = SetMetric(
    "fid-infinity",
    "fid_infinity",
    fid_infinity,
    "lower",
    "features squared",
    "about 0 to infinity",
    ("output_features", "reference_features"),
    "Chong and Forsyth 2020",
    fewest=40,
    few=1000,
)
