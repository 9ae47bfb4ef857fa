"""Honest statistics over subjects: intervals, paired tests, corrections, effect sizes, equivalence, power."""

from adversaria.metrics.statistics.effects import EffectSize, effect_size
from adversaria.metrics.statistics.equivalence import Equivalence, equivalent
from adversaria.metrics.statistics.exchange import pool_test, swap_test
from adversaria.metrics.statistics.holm import holm
from adversaria.metrics.statistics.intervals import (
    FEWEST,
    FEWEST_PERCENTILE,
    Summary,
    bootstrap_t,
    paired,
    percentile_bootstrap,
    summarise,
)
from adversaria.metrics.statistics.pairing import PairedTest, permutation_test, smallest_p, wilcoxon_test
from adversaria.metrics.statistics.power import detectable_difference, power_note

__all__ = [
    "FEWEST",
    "FEWEST_PERCENTILE",
    "EffectSize",
    "Equivalence",
    "PairedTest",
    "Summary",
    "bootstrap_t",
    "detectable_difference",
    "effect_size",
    "equivalent",
    "holm",
    "paired",
    "percentile_bootstrap",
    "permutation_test",
    "pool_test",
    "power_note",
    "smallest_p",
    "summarise",
    "swap_test",
    "wilcoxon_test",
]
