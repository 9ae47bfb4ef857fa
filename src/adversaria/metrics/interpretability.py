"""M23: what a segmentation network still recognises in a reconstruction."""

from collections.abc import Callable, Sequence

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable
from adversaria.metrics.overlap import dice

Segmentor = Callable[[Array], Array]


def semantic_interpretability(output: Array, target: Array, labels: Array, segmentor: Segmentor) -> float:
    """Dice of the segmentor on the image over its Dice on the reference (Seitzer et al. 2018), of one case.

    `segmentor` is a network trained on fully sampled images, as a function from an image (C, *S) to a label
    map (1, *S); `labels` are the true ones. Empty labels and prediction count as Dice 1. Can exceed 1. Not
    defined where the segmentor fails on the reference. The paper's score of a set is the ratio of the two
    means: `score_of_set`.
    """
    reached, possible = (dice(segmentor(image), labels) for image in (output, target))
    if possible == 0:
        raise NotApplicable("the segmentor finds nothing in the reference")
    return reached / possible


def score_of_set(reached: Sequence[float], possible: Sequence[float]) -> float:
    """Mean Dice on reconstructions over mean Dice on the true images."""
    return float(np.mean(reached) / np.mean(possible))


SIS = Metric(
    "M23",
    "sis",
    semantic_interpretability,
    "higher",
    "",
    "0 to infinity",
    ("output", "target", "labels", "segmentor"),
    "Seitzer et al. 2018",
)
