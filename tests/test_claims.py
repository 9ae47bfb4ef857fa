"""Experiments on claims: verdicts follow from made-up numbers, rows are kept and resumed, each experiment runs."""

import json

import numpy as np
import pytest
import torch

from adversaria.claims import bent_anatomy, compact_shapes, misaligned_pairs
from adversaria.claims.__main__ import main
from adversaria.claims.claims_page import page
from adversaria.claims.experiment import Row, Rows, run
from adversaria.claims.experiments import EXPERIMENTS
from adversaria.claims.findings import OPEN, OPPOSITE, SHOWN, apart, compared, verdict, welch

JITTER = np.linspace(-0.1, 0.1, 8)
TINY = {
    "unpaired-beats-misaligned-pairs": misaligned_pairs.MisalignedPairs(
        size=32, trained=3, tests=6, warps=(0, 4), plays=2, unpaired_plays=2, batch=2, width=4
    ),
    "cycle-alone-distorts-geometry": bent_anatomy.BentAnatomy(
        size=32, trained=3, tests=6, plays=3, judge_plays=2, batch=2, width=4, segmenter_width=2
    ),
    "shape-regulator-compact-not-vessels": compact_shapes.CompactShapes(
        size=32, trained=3, tests=6, plays=2, batch=2, width=4, segmenter_width=2
    ),
}


def level(mean, seeds=3):
    """Eight subjects about a mean, for each seed."""
    return {seed: (mean + JITTER).tolist() for seed in range(seeds)}


def test_a_statement_is_shown_where_interval_and_every_seed_agree():
    assert compared("a above b", level(2), level(1)).verdict == SHOWN
    assert compared("a above b", level(1), level(2)).verdict == OPPOSITE
    assert compared("a above b", level(1), level(1)).verdict == OPEN
    # a subject's own level does not widen the interval of paired differences
    steep = {0: [1.0, 5.0, 9.0, 20.0, 40.0, 80.0]}
    higher = {0: [value + gain for value, gain in zip(steep[0], (0.1, 0.2, 0.1, 0.2, 0.1, 0.2), strict=True)]}
    assert compared("by a little", higher, steep).verdict == SHOWN
    # one seed on the other side, and it is not shown, though the interval over subjects is
    mixed = {0: [5.0 + x for x in JITTER], 1: [0.9 + x / 10 for x in JITTER]}
    found = compared("a above b", mixed, level(1, 2))
    assert found.difference.low > 0 and found.seeds[1] < 0 and found.verdict == OPEN
    # three subjects give no interval, and nothing is shown; seeds that only one arm has are left out
    assert compared("few", {0: [5.0, 6.0, 7.0]}, {0: [1.0, 1.0, 1.0]}).verdict == OPEN
    assert compared("nothing shared", {0: [1.0]}, {1: [1.0]}) is None


def test_two_groups_are_compared_as_welch_does():
    from scipy.stats import ttest_ind

    first, second = np.random.default_rng(0).normal([[1.0], [0.2]], [[1.0], [0.3]], (2, 12))
    known = ttest_ind(first, second[:9], equal_var=False).confidence_interval(0.95)
    found = welch(first, second[:9])
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert apart("a gains more", level(1), level(0)).verdict == SHOWN


def test_the_claim_is_told_by_its_judged_statements():
    shown, opposite = compared("x", level(2), level(1)), compared("x", level(1), level(2))
    neutral, aside = compared("x", level(1), level(1)), compared("x", level(1), level(2), judged=False)
    told = {
        "holds here": [shown, shown, aside], "holds in part": [shown, neutral], "mixed": [shown, opposite],
        "contradicted here": [neutral, opposite], "not shown here": [neutral, aside], "not run": [],
    }  # fmt: skip
    for word, findings in told.items():
        assert verdict(findings) == word


def rows_of(levels):
    """Rows that say so much of each condition and arm."""
    made = Rows()
    for (condition, arm), values in levels.items():
        for seed in (0, 1):
            of = {measure: (mean + JITTER * (1 + seed)).tolist() for measure, mean in values.items()}
            made.found.append(Row(seed, condition, arm, of, 1.0, ""))
    return made


def test_misaligned_pairs_are_judged_where_they_are_misaligned():
    one, arms = TINY["unpaired-beats-misaligned-pairs"], misaligned_pairs
    paired = {0: 50, 4: 120}
    for unpaired, word in ((80, "holds here"), (120, "not shown here"), (140, "contradicted here")):
        levels = {(f"{w} px", arms.PAIRED): {"mae": mae} for w, mae in paired.items()}
        levels |= {(arms.EXACT, arms.UNPAIRED): {"mae": unpaired}, (arms.EXACT, arms.MEAN): {"mae": 150}}
        assert verdict(one.findings(rows_of(levels))) == word
    # a model that has not learned more than the mean image says nothing of the claim
    levels |= {(arms.EXACT, arms.MEAN): {"mae": 130}}
    assert "cannot be judged" in verdict(one.findings(rows_of(levels)))


def test_bending_is_told_from_size_and_dice():
    one, b = TINY["cycle-alone-distorts-geometry"], bent_anatomy

    def judged(cycle, shape, floor=0):
        levels = {(b.ZOOMED, b.CYCLE): cycle, (b.ZOOMED, b.SHAPE): shape}
        levels[b.ALIKE, b.MEAN] = {"dice": floor, "size": 1, "bent": 0, "mae": 9}
        levels[b.ALIKE, b.REAL] = {"dice": 9, "size": 1, "bent": 0, "mae": 0}
        return verdict(one.findings(rows_of(levels)))

    straight, crooked = {"dice": 8, "size": 1, "bent": 1, "mae": 5}, {"dice": 5, "size": 3, "bent": 3, "mae": 5}
    assert judged(crooked, straight) == "holds here"
    assert judged(straight, crooked) == "mixed"
    assert judged(crooked, crooked) == "holds in part"
    assert "cannot be judged" in judged(crooked, straight, floor=6)
    truth = torch.zeros(2, 1, 8, 8)
    truth[:, :, 2:4, 2:4], truth[0, :, 5:7, 5:7] = 1, 2
    found = truth.clone()
    found[1, :, 2:4, 2:6] = 1
    values = b.scores(found, truth)
    assert values["dice"] == pytest.approx([1, 2 / 3]) and values["size"] == pytest.approx([1, 2**0.5])
    assert values["bent"] == pytest.approx([0, np.log(2) / 2])


def test_vessels_are_judged_against_compact_shapes():
    one, c = TINY["shape-regulator-compact-not-vessels"], compact_shapes

    def judged(compact, vessels):
        levels = {(c.COMPACT, c.PLAIN): {"dice": 5, "parts": 5}, (c.VESSELS, c.PLAIN): {"dice": 5, "parts": 5}}
        levels[c.COMPACT, c.ADVERSARIAL] = {"dice": 5 + compact, "parts": 5}
        levels[c.VESSELS, c.ADVERSARIAL] = {"dice": 5 + vessels, "parts": 5}
        return verdict(one.findings(rows_of(levels)))

    assert judged(2, 0) == "holds here" and judged(2, -2) == "holds here"
    assert judged(-2, 0) == "contradicted here" and judged(0, 0) == "not shown here"
    assert judged(2, 4) == "mixed" and judged(2, 2) == "holds in part"
    # diagonal neighbours belong together
    assert c.parts(np.eye(4, dtype=bool)) == 1 and c.parts(np.array([[1, 0, 1]], bool)) == 2
    assert c.scores(torch.eye(4)[None, None], torch.ones(1, 1, 4, 4), 2)["parts"] == [0.0]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_runs_is_kept_and_goes_on(name, tmp_path):
    one, path, said = TINY[name], tmp_path / "rows.json", []
    # no minutes: the first cell of each arm is tried, then it stops and says so
    first = run(one, path, [0], 0.0, said.append)
    assert "are over" in said[-1] and len(first.found) < len(one.cells())
    rows = run(one, path, [0], 30.0, said.append)
    assert [(row.condition, row.arm) for row in rows.found] == one.cells()
    assert rows.found[: len(first.found)] == first.found
    for row in rows.found:
        assert set(row.values) == set(one.measures) and all(len(v) == 6 for v in row.values.values())
    again = len(said)
    assert run(one, path, [0], 30.0, said.append).found == rows.found and len(said) == again
    assert len(json.loads(path.read_text())) == len(one.cells())
    text = page([(one, rows)])
    assert verdict(one.findings(rows)) in text and one.claim.split()[-1] in text
    assert all(finding.statement.replace("|", "\\|") in text for finding in one.findings(rows))
    # rows of other settings do not count
    assert Rows.read(path, repr(type(one)(size=64))).found == []


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit) as leaving:
        main(["no-such-claim"])
    assert leaving.value.code == 2 and "unpaired-beats-misaligned-pairs" in capsys.readouterr().err
