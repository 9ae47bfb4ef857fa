"""How large a paired difference is, beside whether it is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EffectSize:
    """Standardised mean difference (None where all differences are equal), and the rank-biserial correlation."""

    standardised: float | None
    rank_biserial: float


def effect_size(differences: Sequence[float]) -> EffectSize:
    """Size of paired differences.

    `standardised` is Cohen's d of paired differences, mean / standard deviation (n - 1), times Hedges'
    factor 1 - 3 / (4 (n - 1) - 1) for few subjects. `rank_biserial` (Kerby 2014) is the sum of ranks in
    favour minus the sum against, over their total: 1 if every subject differs upwards, -1 if downwards.
    """
    from scipy.stats import rankdata

    array = np.asarray(differences, np.float64)
    moved = array[array != 0]
    ranks = rankdata(np.abs(moved))
    rank = float((ranks * np.sign(moved)).sum() / ranks.sum()) if moved.size else 0.0
    spread = array.std(ddof=1) if array.size > 1 else 0.0
    if spread <= 1e-12 * np.abs(array).max(initial=0):
        return EffectSize(None, rank)
    hedges = 1 - 3 / (4 * (array.size - 1) - 1)
    return EffectSize(float(array.mean() / spread * hedges), rank)
