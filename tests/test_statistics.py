"""Statistics against scipy, worked examples, enumeration and simulation."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from adversaria.metrics import statistics as s

VALUES = [3.1, 2.7, 3.9, 3.3, 2.9, 3.6, 3.2]


def test_the_percentile_bootstrap_is_refused_under_thirty_and_every_interval_under_six():
    many = list(np.random.default_rng(0).normal(5, 1, 30))
    assert s.percentile_bootstrap(many[:29]).low is None and "too few" in s.percentile_bootstrap(many[:29]).note
    found = s.percentile_bootstrap(many)
    assert found.low < found.mean < found.high
    for rule in (s.summarise, s.bootstrap_t, s.percentile_bootstrap):
        few = rule(VALUES[:5])
        assert few.low is None and few.mean == pytest.approx(np.mean(VALUES[:5])) and "too few" in few.note
        assert rule([1.0] * 40 + [np.inf]).low is None and rule([]).n == 0


def test_percentile_bootstrap_equals_scipys():
    values = np.random.default_rng(1).lognormal(size=60)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20000, rng=0).confidence_interval
    ours = s.percentile_bootstrap(list(values), resamples=20000, seed=3)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=0.03)


def test_bootstrap_t_equals_its_definition_and_leans_to_the_long_tail():
    values = np.random.default_rng(2).lognormal(size=25)
    ours = s.bootstrap_t(list(values), resamples=499, seed=5)
    places = np.random.default_rng(5).integers(0, 25, (499, 25))
    t = []
    for place in places:
        drawn = values[place]
        t.append((drawn.mean() - values.mean()) / (drawn.std(ddof=1) / 5))
    low, high = np.quantile(t, [0.025, 0.975])
    error = values.std(ddof=1) / 5
    assert (ours.low, ours.high) == pytest.approx((values.mean() - high * error, values.mean() - low * error))
    assert ours.high - ours.mean > ours.mean - ours.low


def test_constant_values_have_an_interval_of_no_width():
    for rule in (s.summarise, s.bootstrap_t):
        assert rule([2.0] * 8).low == pytest.approx(2) == rule([2.0] * 8).high


@pytest.mark.parametrize("n", [6, 10])
def test_intervals_cover_normal_values_at_their_level(n):
    """2,000 studies; the full 10,000 are in benchmarks/coverage.py."""
    from adversaria.metrics.statistics.intervals import bootstrap_t_limits

    studies = np.random.default_rng(0).normal(0, 1, (2000, n))
    hits = [found.low <= 0 <= found.high for found in map(s.summarise, studies)]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.015)
    low, high = bootstrap_t_limits(studies, 0.95, 999, 0)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("n", [1, 2, 6, 9])
def test_permutation_counts_every_flip(n):
    differences = np.random.default_rng(n).normal(0.5, 1, n)
    seen = abs(differences.mean())
    every = [abs(np.mean(np.array(flips) * differences)) for flips in product((-1, 1), repeat=n)]
    assert s.permutation_test(differences).p == pytest.approx(np.mean(np.array(every) >= seen - 1e-12))
    assert s.permutation_test(np.abs(differences) + 1).p == pytest.approx(s.smallest_p(n))
    assert "exact" in s.permutation_test(differences).method


def test_permutation_equals_scipys_and_random_flips_come_near_all_flips(monkeypatch):
    differences = np.random.default_rng(3).normal(0.4, 1, 14)
    theirs = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    ).pvalue
    exact = s.permutation_test(differences).p
    assert exact == pytest.approx(theirs, abs=1e-9)
    monkeypatch.setattr("adversaria.metrics.statistics.pairing.EXACT_UP_TO", 4)
    drawn = s.permutation_test(differences)
    assert drawn.p == pytest.approx(exact, abs=0.005) and "random" in drawn.method
    assert s.permutation_test(np.full(40, 2.0)).p == pytest.approx(1e-5)


def test_tests_of_no_difference_and_of_broken_values():
    for test in (s.permutation_test, s.wilcoxon_test):
        assert test([0.0] * 7).p == 1
        with pytest.raises(ValueError, match="finite"):
            test([1.0, np.nan])


def test_wilcoxon_equals_enumeration_and_scipy():
    differences = np.random.default_rng(4).normal(0.5, 1, 8)
    ranks = stats.rankdata(np.abs(differences))
    total = ranks.sum()
    seen = abs(2 * ranks[differences > 0].sum() - total)
    every = [abs(2 * (ranks * np.array(f)).sum() - total) for f in product((0, 1), repeat=8)]
    assert s.wilcoxon_test(differences).p == pytest.approx(np.mean(np.array(every) >= seen - 1e-9))
    tied = [1.0, 1.0, -1.0, 2.0, 2.0, 3.0, 0.0, 4.0]
    theirs = stats.wilcoxon([d for d in tied if d], method="asymptotic", correction=True).pvalue
    assert s.wilcoxon_test(tied).p == pytest.approx(theirs) and s.wilcoxon_test(tied).n == 7


def test_holm():
    assert s.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert s.holm([]) == [] and s.holm([0.9, 0.8]) == [1, 1]
    with pytest.raises(ValueError):
        s.holm([1.2])
    # under no difference at all, one finding or more in 5 % of pages at most
    p = np.random.default_rng(0).uniform(size=(4000, 5))
    assert np.mean([min(s.holm(list(row))) <= 0.05 for row in p]) == pytest.approx(0.049, abs=0.012)


def test_effect_sizes():
    found = s.effect_size([1.0, 2.0, 3.0, -1.0])
    mean, spread = 1.25, np.std([1, 2, 3, -1], ddof=1)
    assert found.standardised == pytest.approx(mean / spread * (1 - 3 / 11))
    assert found.rank_biserial == pytest.approx((1.5 + 3 + 4 - 1.5) / 10)
    assert s.effect_size([2.0] * 6).standardised is None and s.effect_size([2.0] * 6).rank_biserial == 1
    assert s.effect_size([0.0] * 6).rank_biserial == 0


def test_equivalence_is_two_one_sided_tests():
    differences = np.random.default_rng(5).normal(0.1, 1, 20)
    found = s.equivalent(differences, 0.8)
    upper = stats.ttest_1samp(differences, 0.8, alternative="less").pvalue
    lower = stats.ttest_1samp(differences, -0.8, alternative="greater").pvalue
    assert found.p == pytest.approx(max(upper, lower))
    theirs = stats.t.interval(0.9, 19, differences.mean(), stats.sem(differences))
    assert (found.low, found.high) == pytest.approx(theirs)
    assert (found.p < 0.05) == (max(-found.low, found.high) < 0.8)
    assert s.equivalent(differences[:5], 0.8).p is None and s.equivalent([0.1] * 6, 0.2).p == 0
    with pytest.raises(ValueError, match="margin"):
        s.equivalent(differences, 0)


def test_the_power_note_tells_what_a_simulation_finds():
    random = np.random.default_rng(6)
    spread = random.normal(0, 2, 9)
    shift = s.detectable_difference(spread)
    studies = random.normal(shift, spread.std(ddof=1), (4000, 9))
    found = stats.ttest_1samp(studies, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.025)
    assert "With 9 subjects" in s.power_note(spread, "dB") and "dB" in s.power_note(spread, "dB")
    assert "no claim" in s.power_note([1.0, 2.0])


def test_type_one_error_of_the_paired_test():
    """2,000 studies; the full 10,000 are in benchmarks/coverage.py. At n = 6 the smallest steps of p are 1/32."""
    random = np.random.default_rng(7)
    for n, expected in ((6, 2 / 64), (10, 0.05)):
        found = [s.permutation_test(row).p <= 0.05 for row in random.normal(0, 1, (2000, n))]
        assert np.mean(found) == pytest.approx(expected, abs=0.012)


def spread(words):
    return float(np.var(words["x"]))


def test_swaps_count_every_pattern_and_keep_a_subjects_images_together():
    random = np.random.default_rng(8)
    first, second = ({"x": random.normal(m, 1, 8)} for m in (0, 1))
    subjects = ["a", "a", "b", "c", "c", "d", "e", "f"]
    seen = abs(spread(first) - spread(second))
    every = []
    for flips in product((False, True), repeat=6):
        rows = np.array([flips["abcdef".index(s)] for s in subjects])
        one, two = ({"x": np.where(rows, b["x"], a["x"])} for a, b in ((first, second), (second, first)))
        every.append(abs(spread(one) - spread(two)) >= seen - 1e-12)
    found = s.swap_test(spread, first, second, subjects)
    assert found.p == pytest.approx(np.mean(every)) and found.n == 6 and "exact" in found.method
    drawn = s.swap_test(spread, first, second, subjects, draws=31)
    assert "random" in drawn.method and drawn.p <= 1
    assert s.swap_test(spread, first, first, subjects).p == 1


def test_dealing_anew_equals_scipys_permutation_test():
    random = np.random.default_rng(9)
    first, second = random.normal(0, 1, 12), random.normal(0, 1.9, 15)
    theirs = stats.permutation_test(
        (first, second), lambda a, b: abs(np.var(a) - np.var(b)), n_resamples=9999, alternative="greater", rng=0
    ).pvalue
    assert s.pool_test(spread, {"x": first}, {"x": second}, draws=9999).p == pytest.approx(theirs, abs=0.01)


def test_tests_of_sets_are_of_their_level():
    """400 studies of exchangeable sets; 1,000 of each kind are in benchmarks/coverage.py."""
    random = np.random.default_rng(10)
    subjects = [str(k) for k in range(8)]
    paired, dealt = [], []
    for _ in range(400):
        shared = random.normal(size=8)
        one, two = ({"x": shared + random.normal(size=8)} for _ in range(2))
        paired.append(s.swap_test(spread, one, two, subjects, draws=199).p <= 0.05)
        made = [{"x": random.lognormal(size=9)} for _ in range(2)]
        dealt.append(s.pool_test(spread, *made, draws=199).p <= 0.05)
    assert np.mean(paired) == pytest.approx(0.047, abs=0.03) and np.mean(dealt) == pytest.approx(0.05, abs=0.03)
