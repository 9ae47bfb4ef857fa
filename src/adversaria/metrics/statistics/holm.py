"""Holm's correction: many comparisons on one page, one error rate for all of them."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (Holm 1979): the chance of any false finding stays below the level they are read at.

    The k-th smallest of m is multiplied by m - k + 1, kept from falling below the ones before it, and
    capped at 1. No independence is assumed.
    """
    p = np.asarray(p_values, np.float64)
    if p.size and not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    factors = np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1)
    return [float(value) for value in adjusted]
