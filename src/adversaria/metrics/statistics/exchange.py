"""Tests of numbers of whole sets: would the difference be as large if the two methods had changed places?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.statistics.pairing import PairedTest

Array = NDArray[np.floating[Any]]
Words = Mapping[str, Array]

DRAWS = 1999
ENOUGH = 20


def swap_test(
    value: Callable[[Words], float],
    first: Words,
    second: Words,
    subjects: Sequence[str],
    draws: int = DRAWS,
    seed: int = 0,
) -> PairedTest:
    """Two-sided test that two methods' images of the same subjects can change places, by a number of the whole set.

    `first` and `second` hold rows (n, ...) by word, row for row of the same images; `value` turns a set into a
    number. The statistic is |value(first) - value(second)|; all images of a subject are swapped together. Up to
    `draws` patterns are counted exactly; else patterns are drawn until `draws`, or until 20 are as extreme (Besag and
    Clifford 1991).
    Of the level under exchangeability, whatever the number's bias and distribution; it says nothing of other subjects.
    """
    labels = list(dict.fromkeys(subjects))
    member = np.array([labels.index(subject) for subject in subjects])
    count = len(labels)

    def difference(swapped: NDArray[Any]) -> float:
        rows = swapped.astype(bool)[member]
        one = {word: np.where(_wide(rows, a), second[word], a) for word, a in first.items()}
        two = {word: np.where(_wide(rows, a), a, second[word]) for word, a in first.items()}
        return abs(value(one) - value(two))

    seen = difference(np.zeros(count))
    if seen == 0:
        return PairedTest(1.0, count, "no difference")
    if 2 ** (count - 1) <= draws:
        # to swap all is to swap none
        codes = np.arange(2 ** (count - 1))[:, None] >> np.arange(count) & 1
        extreme = sum(difference(code) >= seen * (1 - 1e-9) for code in codes)
        return PairedTest(extreme / len(codes), count, f"exact swap test ({2**count} swaps of subjects)")
    p, drawn = _drawn(seen, lambda random: difference(random.integers(0, 2, count)), draws, seed)
    return PairedTest(p, count, f"swap test ({drawn} random swaps of subjects)")


def pool_test(
    value: Callable[[Words], float], first: Words, second: Words, draws: int = DRAWS, seed: int = 0
) -> PairedTest:
    """The same for sets of independent images (n, ...) and (m, ...), such as samples of two generators.

    A permutation test: rows are dealt anew to sets of the same sizes.
    """
    word = next(iter(first))
    n, m = len(first[word]), len(second[word])
    pooled = {word: np.concatenate([array, second[word]]) for word, array in first.items()}

    def difference(order: NDArray[Any]) -> float:
        one, two = ({word: array[part] for word, array in pooled.items()} for part in (order[:n], order[n:]))
        return abs(value(one) - value(two))

    seen = difference(np.arange(n + m))
    if seen == 0:
        return PairedTest(1.0, n + m, "no difference")
    p, drawn = _drawn(seen, lambda random: difference(random.permutation(n + m)), draws, seed)
    return PairedTest(p, n + m, f"permutation test ({drawn} random deals of images)")


def _drawn(seen: float, draw: Callable[[np.random.Generator], float], draws: int, seed: int) -> tuple[float, int]:
    """The p-value and how many were drawn."""
    random = np.random.default_rng(seed)
    extreme = 0
    for number in range(1, draws + 1):
        extreme += draw(random) >= seen * (1 - 1e-9)
        if extreme == ENOUGH:
            return extreme / number, number
    return (1 + extreme) / (1 + draws), draws


def _wide(rows: NDArray[np.bool_], array: Array) -> NDArray[np.bool_]:
    return rows.reshape(-1, *[1] * (array.ndim - 1))
