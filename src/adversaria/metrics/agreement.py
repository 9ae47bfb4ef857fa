"""M29: agreement of a clinical number counted in made images with that in the true ones, over a set of cases."""

from dataclasses import dataclass

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable


@dataclass(frozen=True)
class Agreement:
    """Bias (made - true), its limits of agreement, and two intraclass correlations of single numbers."""

    bias: float
    lower: float
    upper: float
    icc_agreement: float
    icc_consistency: float


def agreement(output: Array, target: Array) -> Agreement:
    """Agreement of numbers (n,) counted in made images with those counted in the true ones.

    Bias is the mean difference; its limits are 1.96 standard deviations (n - 1) away (Bland and Altman
    1986). ICC(2,1) is two-way random with absolute agreement, ICC(3,1) two-way mixed with consistency
    (Shrout and Fleiss 1979). Not defined for fewer than two cases, or where all numbers are equal.
    """
    pair = np.stack([np.asarray(x, np.float64).ravel() for x in (target, output)], 1)
    n, k = pair.shape
    if n < 2:
        raise NotApplicable("agreement needs two cases")
    difference = pair[:, 1] - pair[:, 0]
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    grand = pair.mean()
    rows = k * np.square(pair.mean(1) - grand).sum() / (n - 1)
    columns = n * np.square(pair.mean(0) - grand).sum() / (k - 1)
    rest = np.square(pair - pair.mean(1, keepdims=True) - pair.mean(0) + grand).sum() / ((n - 1) * (k - 1))
    below = rows + (k - 1) * rest
    if below <= 0:
        raise NotApplicable("all numbers are equal: a correlation of them does not exist")
    absolute = (rows - rest) / (below + k * (columns - rest) / n)
    return Agreement(bias, bias - 1.96 * spread, bias + 1.96 * spread, float(absolute), float((rows - rest) / below))


def intraclass_correlation(output: Array, target: Array) -> float:
    """ICC(2,1), two-way random, absolute agreement, of numbers (n,) from made images with the true ones."""
    return agreement(output, target).icc_agreement


def mean_bias(output: Array, target: Array) -> float:
    """Mean of the numbers (n,) from made images minus the true ones."""
    return agreement(output, target).bias


_WORDS = ("output", "target")
_PAPER = "Shrout and Fleiss 1979"
ICC = Metric("M29", "icc", intraclass_correlation, "higher", "", "up to 1", _WORDS, _PAPER, level="many")
BIAS = Metric("M29", "bias", mean_bias, "closer to 0", "", "any", _WORDS, "Bland and Altman 1986", level="many")
