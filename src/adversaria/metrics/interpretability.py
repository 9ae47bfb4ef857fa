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


def segmented_overlap(output: Array, labels: Array, segmentor: Segmentor) -> float:
    """Dice of what a segmentor finds in the image with the true labels, averaged over the labels."""
    return dice(segmentor(output), labels)


def score_of_set(output: Sequence[float], target: Sequence[float]) -> float:
    """Mean Dice of the segmentor on reconstructions over its mean Dice on the true images, of a set.

    Seitzer et al. 2018. `output` and `target` are its Dice on each. Can exceed 1.
    """
    possible = float(np.mean(target))
    if possible == 0:
        raise NotApplicable("the segmentor finds nothing in any reference")
    return float(np.mean(output)) / possible


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
SIS_OF_SET = Metric(
    "M23",
    "sis_of_set",
    score_of_set,
    "higher",
    "",
    "0 to infinity",
    ("output", "target"),
    "Seitzer et al. 2018",
    level="many",
)
SEGMENTED_DICE = Metric(
    "M32",
    "segmented_dice",
    segmented_overlap,
    "higher",
    "",
    "0 to 1",
    ("output", "labels", "segmentor"),
    "Dice 1945",
)
