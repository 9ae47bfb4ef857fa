"""M30: how well a classifier's scores tell classes apart, over a set of cases."""

from collections.abc import Callable

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable


def _split(output: Array, classes: Array) -> tuple[Array, Array]:
    scores, truth = np.asarray(output, np.float64).ravel(), np.asarray(classes).ravel()
    if scores.shape != truth.shape:
        raise ValueError(f"{scores.size} scores and {truth.size} classes do not go together")
    if not np.isin(truth, (0, 1)).all():
        raise ValueError("classes are 0 or 1")
    return scores[truth == 1], scores[truth == 0]


def area_under_curve(output: Array, classes: Array) -> float:
    """Area under the ROC curve of scores (N,): the chance that a positive beats a negative; ties count half."""
    from scipy.stats import rankdata

    positive, negative = _both(*_split(output, classes))
    ranks = rankdata(np.concatenate([positive, negative]))[: positive.size]
    above = ranks.sum() - positive.size * (positive.size + 1) / 2
    return float(above / (positive.size * negative.size))


def sensitivity(output: Array, classes: Array, threshold: float = 0.5) -> float:
    """Share of the positive cases whose score is at least `threshold`."""
    positive, _ = _both(*_split(output, classes))
    return float((positive >= threshold).mean())


def specificity(output: Array, classes: Array, threshold: float = 0.5) -> float:
    """Share of the negative cases whose score is under `threshold`."""
    _, negative = _both(*_split(output, classes))
    return float((negative < threshold).mean())


def accuracy(output: Array, classes: Array, threshold: float = 0.5) -> float:
    """Share of cases on the right side of `threshold`."""
    positive, negative = _split(output, classes)
    right = (positive >= threshold).sum() + (negative < threshold).sum()
    if positive.size + negative.size == 0:
        raise NotApplicable("there is no case")
    return float(right / (positive.size + negative.size))


def _both(positive: Array, negative: Array) -> tuple[Array, Array]:
    if not (positive.size and negative.size):
        raise NotApplicable("both classes must be present")
    return positive, negative


def _of_set(name: str, function: Callable[..., float]) -> Metric:
    return Metric("M30", name, function, "higher", "", "0 to 1", ("output", "classes"), "definition", level="many")


AUC, ACCURACY = _of_set("auc", area_under_curve), _of_set("accuracy", accuracy)
SENSITIVITY, SPECIFICITY = _of_set("sensitivity", sensitivity), _of_set("specificity", specificity)
