"""Paired tests: is the difference between two methods on the same subjects more than chance?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

EXACT_UP_TO = 16
DRAWS = 99_999
_CHUNK = 2**14


@dataclass(frozen=True)
class PairedTest:
    """A two-sided p-value, how it was found, and over how many subjects."""

    p: float
    n: int
    method: str


def smallest_p(n: int) -> float:
    """The smallest two-sided p-value that a sign-flip test of n subjects can give: 2 / 2^n."""
    return float(2.0 ** (1 - n)) if n else 1.0


def permutation_test(differences: Sequence[float], seed: int = 0) -> PairedTest:
    """Two-sided sign-flip test that paired differences are symmetric about zero (Fisher 1935).

    The statistic is the absolute mean difference. Up to 16 subjects all 2^n flips are counted (exact);
    beyond, 99,999 random flips, and p = (1 + as extreme) / (1 + drawn) (Phipson and Smyth 2010), so p is
    never zero. ValueError: a difference that is not finite.
    """
    array = _checked(differences)
    n = array.size
    if n == 0 or not array.any():
        return PairedTest(1.0, n, "no difference in any subject")
    seen = abs(array.sum()) * (1 - 1e-12)
    if n <= EXACT_UP_TO:
        # half of the flips will do: flipping all signs leaves the absolute sum as it was
        extreme = int((np.abs(_signs(n) @ array) >= seen).sum())
        return PairedTest(extreme / 2 ** (n - 1), n, f"exact sign-flip test ({2**n} flips)")
    random = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, DRAWS, _CHUNK):
        signs = random.integers(0, 2, (min(_CHUNK, DRAWS - start), n), dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(signs @ array) >= seen).sum())
    return PairedTest((1 + extreme) / (1 + DRAWS), n, f"sign-flip test ({DRAWS} random flips)")


def _signs(n: int) -> Array:
    """All sign patterns of n subjects whose last sign is minus, (2^(n-1), n)."""
    codes = np.arange(2 ** (n - 1), dtype=np.uint32)[:, None] >> np.arange(n, dtype=np.uint32)
    return (codes & 1) * 2.0 - 1.0


def wilcoxon_test(differences: Sequence[float]) -> PairedTest:
    """Wilcoxon's signed-rank test, two-sided (Wilcoxon 1945); zero differences are left out.

    Exact where the absolute differences are all distinct and there are at most 50; else the normal
    approximation with the correction for ties.
    """
    from scipy import stats

    array = _checked(differences)
    moved = array[array != 0]
    if moved.size == 0:
        return PairedTest(1.0, 0, "no difference in any subject")
    exact = moved.size <= 50 and np.unique(np.abs(moved)).size == moved.size
    method = "exact" if exact else "asymptotic"
    found = stats.wilcoxon(moved, method=method, correction=not exact)
    return PairedTest(float(found.pvalue), int(moved.size), f"Wilcoxon signed-rank test ({method})")


def _checked(differences: Sequence[float]) -> Array:
    array = np.asarray(differences, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("a difference is not finite; leave the subject out, and say so")
    return array
