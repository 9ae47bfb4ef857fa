"""Diversity of made images: how alike pairs of them are."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range
from adversaria.metrics.similarity import multi_scale_similarity

PAIRS = 100


def pair_similarities(output: Sequence[Array], data_range: Range, pairs: int = PAIRS, seed: int = 0) -> Array:
    """MS-SSIM of `pairs` random pairs of images (C, *S) of one class; of all pairs where there are no more.

    Pairs are drawn without repetition, as a function of `seed` alone.
    """
    count = len(output)
    if count < 2:
        raise NotApplicable("diversity needs two images")
    every = count * (count - 1) // 2
    if every <= pairs:
        chosen = list(combinations(range(count), 2))
    else:
        numbers = np.random.default_rng(seed).choice(every, pairs, replace=False)
        # pair number k of (0, 1), (0, 2), (1, 2), (0, 3), ...
        second = ((1 + np.sqrt(1 + 8.0 * numbers)) // 2).astype(int)
        chosen = [(int(k - j * (j - 1) // 2), int(j)) for k, j in zip(numbers, second, strict=True)]
    return np.array([multi_scale_similarity(output[i], output[j], data_range) for i, j in chosen])


def pair_similarity(output: Sequence[Array], data_range: Range) -> float:
    """Mean MS-SSIM of 100 random pairs of made images of one class (Odena et al. 2016): 1 is one image repeated.

    Compare with the same number of real pairs; a clearly higher value for made images speaks of mode
    collapse. The values of the pairs, for an interval: `pair_similarities`.
    """
    return float(pair_similarities(output, data_range).mean())


DIVERSITY = Metric(
    "ms-ssim-diversity",
    "pair_similarity",
    pair_similarity,
    "lower",
    "",
    "0 to 1",
    ("output", "data_range"),
    "Odena et al. 2016",
    level="many",
)
