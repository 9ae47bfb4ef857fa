"""Comparison of scored runs: what it finds, what it refuses, and what it writes."""

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from adversaria.metrics import statistics
from adversaria.reports import Score, write_scores
from adversaria.reports.comparing import compare_scores
from adversaria.reports.conclusions import sentences
from adversaria.reports.scored import labels
from adversaria.reports.tables import escaped, p_value
from adversaria.run import Run, write_json
from shell import call

RULE = {"range": [0.0, 1.0], "clip": False, "scaled": False, "reference": "target"}


def rows(method, offset, subjects=9, measure="psnr", unit="dB", better="higher", seed=0, note=""):
    base = np.random.default_rng(99).normal(30, 3, subjects)
    noise = np.random.default_rng(seed).normal(0, 0.5, subjects)
    return [
        Score("run", f"c{k:04d}", f"s{k:03d}", "whole", method, measure, float(value), unit, better, note)
        for k, value in enumerate(base + noise + offset)
    ]


def scored(folder: Path, scores, cases=None, pictures=False, **rule) -> Path:
    run = Run(folder)
    folder.mkdir(parents=True)
    write_scores(run.scores, scores)
    cases = cases or {score.case: f"hash {score.case}" for score in scores}
    write_json(run.evaluation, {**RULE, **rule, "cases": cases, "checkpoint": "using the newest checkpoint"})
    write_json(run.unmeasured, {"noise_level": "it needs an even region of the noise-free truth"})
    write_json(run.environment, {"recipe": folder.name, "plays": 100, "seed": 0, "finished": True})
    if pictures:
        run.samples.mkdir()
        random = np.random.default_rng(1)
        names = [f"{case}/{word}" for case in cases for word in ("target", "output")]
        kept = {name: random.random((20, 24)).astype(np.float32) for name in names}
        np.savez(run.slices, **kept)
    return folder


def test_a_difference_is_real_only_after_correction_and_says_who_is_ahead():
    scores = rows("a", 2, seed=1) + rows("b", 0, seed=2) + rows("c", 0, seed=3)
    scores += rows("a", -3, seed=4, measure="mae", unit="HU", better="lower")
    scores += rows("b", 0, seed=5, measure="mae", unit="HU", better="lower")
    found = compare_scores(scores)
    p = [statistics.permutation_test([x.value - y.value for x, y in zip(scores[:9], scores[9:18], strict=True)]).p]
    first = found.pairs[0]
    assert (first.first, first.second, first.measure) == ("a", "b", "psnr") and first.p == pytest.approx(p[0])
    assert [pair.corrected for pair in found.pairs] == pytest.approx(statistics.holm([pair.p for pair in found.pairs]))
    assert first.winner == "a" and found.best("a", "psnr") and not found.best("b", "psnr")
    lower = next(pair for pair in found.pairs if pair.measure == "mae")
    assert lower.winner == "a" and lower.difference.mean < 0
    level = next(pair for pair in found.pairs if {pair.first, pair.second} == {"b", "c"})
    assert level.winner is None and "only a difference above" in level.seen
    said = sentences(found)
    assert "a has the best mean" in said[0] and "really better than b and c" in said[0].replace("c and b", "b and c")


def test_close_to_a_number_is_compared_by_distance():
    scores = rows("near", -29, measure="recovery", unit="", better="closer to 1", seed=1)
    scores += rows("far", -45, measure="recovery", unit="", better="closer to 1", seed=2)
    (pair,) = compare_scores(scores).pairs
    assert pair.winner == "near" and pair.difference.mean < 0


def test_under_six_subjects_nothing_is_tested_and_few_subjects_are_told_so():
    few = compare_scores(rows("a", 9, 5) + rows("b", 0, 5))
    assert few.pairs[0].p is None and few.pairs[0].winner is None and "nothing is tested" in few.notes[0]
    six = rows("a", 9, 6) + rows("b", 0, 6) + rows("c", -9, 6)
    assert any("could have been marked" in note for note in compare_scores(six).notes)
    assert not any(pair.winner for pair in compare_scores(six).pairs)


def test_subjects_without_a_value_are_left_out_and_counted():
    scores = rows("a", 2) + rows("b", 0)
    scores[0] = Score(**{**vars(scores[0]), "value": float("inf")})
    found = compare_scores(scores)
    assert found.pairs[0].n == 8 and found.pairs[0].left_out == ("s000",)
    assert "left out" in found.measures[0].summaries["a"].note and any("left out" in note for note in found.notes)
    assert np.isfinite(found.measures[0].summaries["a"].mean)


def test_cases_of_one_subject_count_once():
    scores = rows("a", 2, 6) + rows("b", 0, 6)
    twice = scores + [Score(**{**vars(s), "case": s.case + "-2"}) for s in scores]
    assert compare_scores(twice).pairs[0].n == 6


def test_pages_of_equal_methods_are_marked_at_most_at_the_level():
    """400 pages of three equal methods and two measures; 2,000 are in benchmarks/coverage.py."""
    random = np.random.default_rng(0)
    marked = 0
    for _ in range(400):
        values = random.normal(size=(2, 3, 9)) + random.normal(0, 2, 9)
        gaps = [measure[a] - measure[b] for measure in values for a in range(3) for b in range(a)]
        marked += min(statistics.holm([statistics.permutation_test(gap).p for gap in gaps])) <= 0.05
    assert 0.02 <= marked / 400 <= 0.08


@pytest.fixture
def pair(tmp_path):
    one = rows("output", 2, seed=1) + rows("input", -4, seed=9)
    two = rows("output", 0, seed=2, note="reduced") + rows("input", -4, seed=9)
    two += rows("output", 0, seed=3, measure="ssim", unit="")
    first = scored(tmp_path / "x" / "first_run", one, pictures=True)
    return first, scored(tmp_path / "y" / "second", two, pictures=True)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_compare_writes_a_page_and_tables(pair, tmp_path, capsys):
    out = tmp_path / "out"
    assert call("compare", *pair, "--out", out, "--margin", "psnr=0.1") == 0
    said = capsys.readouterr().out
    assert "first_run has the best mean" in said and "not shown equal within 0.1" in said
    page = Page((out / "compare.html").read_text())
    assert not [a for t, a in page.tags if t in ("script", "link")]
    images = [a for t, a in page.tags if t == "img"]
    assert len(images) >= 7 and all(a["src"].startswith("data:") and a["alt"] for a in images)
    assert dict(page.tags[0][1])["lang"] == "en" and any(t == "th" and a.get("scope") == "row" for t, a in page.tags)
    for word in ("first_run", "second", "input", "Best case", "Worst case", "ssim of second: not every run has it",
                 "noise_level of first_run, second", "Every score here: reduced", "0 to 1",
                 "Not for diagnosis"):  # fmt: skip
        assert word in page.text, word
    assert str(tmp_path) not in (out / "compare.html").read_text()
    with open(out / "means.csv") as file:
        means = {row["method"]: row for row in csv.DictReader(file)}
    assert set(means) == {"first_run", "second", "input"} and "second" in means["first_run"]["better_than"]
    with open(out / "pairs.csv") as file:
        assert len(list(csv.DictReader(file))) == 3
    kept = json.loads((out / "comparison.json").read_text())
    assert kept["rules"]["cases"] == 9 and kept["pairs"][0]["corrected"] is not None
    text = (out / "table.tex").read_text()
    assert r"first\_run" in text and r"\textbf{" in text and text.count("{") == text.count("}")
    assert "**" in (out / "table.md").read_text()


def test_one_run_with_several_methods_is_compared_too(pair, tmp_path):
    assert call("compare", pair[0], "--out", tmp_path / "out", "--quiet") == 0
    assert "output minus input" in (tmp_path / "out" / "compare.html").read_text()


def test_json_is_the_same(pair, tmp_path, capsys):
    assert call("compare", *pair, "--out", tmp_path / "out", "--json") == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "out" / "comparison.json").read_text())


REFUSED = {
    "cases": (dict(subjects=8), {}, "only a has c0008"),
    "pixels": ({}, {"cases": {f"c{k:04d}": "another" for k in range(9)}}, "another reference image"),
    "range": ({}, {"range": [0.0, 2.0]}, "data range: [0.0, 1.0] and [0.0, 2.0]"),
    "scaling": ({}, {"scaled": True}, "scaling"),
    "unit": (dict(unit="nats"), {}, "psnr is in 'dB' in a and in 'nats' in b"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_runs_that_cannot_be_compared_are_refused_by_name(name, tmp_path, capsys):
    other, rule, said = REFUSED[name]
    one = scored(tmp_path / "a", rows("output", 0))
    two = scored(tmp_path / "b", rows("output", 1, **other), **rule)
    assert call("compare", one, two, "--out", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert said in told and "a and b were scored" in told or "psnr is in" in told
    assert not (tmp_path / "out" / "compare.html").exists()


def test_other_mistakes(pair, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    only = scored(tmp_path / "only", [Score("run", "set", "set", "whole", "samples", "fid", 3.0, "", "lower")])
    for words, said in (
        ([], "no runs"),
        ([tmp_path / "empty", pair[0]], "holds no scores"),
        ([pair[0], pair[0]], "given twice"),
        ([pair[0], only], "scored as a set only"),
        ([*pair, "--margin", "psnr"], "MEASURE=VALUE"),
        ([*pair, "--margin", "psnr=-1"], "positive"),
        ([*pair, "--margin", "nothing=1"], "not measured in every run"),
    ):
        assert call("compare", *words, "--out", tmp_path / "out") == 2
        assert said in capsys.readouterr().err
    assert labels([Path("a/out"), Path("b/out")]) == ["a/out", "b/out"]


def test_numbers_are_written_as_people_write_them():
    assert p_value(1e-9) == "< 0.0001" and p_value(None) == "–" and p_value(0.031) == "0.031"
    assert escaped("a_b & 5 % {x}") == r"a\_b \& 5 \% \{x\}"


SMALL = """
phantom: !Brain {size: 32}
subjects: {train: 2, validation: 1, test: 10}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Pix2Pix
  generator: !UNet {depth: 3, width: 4}
  discriminator: !PatchGAN {width: 4}
train: {plays: 2, batch: 2, patch: [32, 32]}
evaluate: {range: [-1, 1], scaled: true, measures: [mae, ssim, fid]}
"""


def test_trained_runs_are_scored_as_cases_and_as_sets_and_compared(tmp_path, capsys):
    recipe = tmp_path / "small.yaml"
    recipe.write_text(SMALL)
    for seed in (0, 1):
        assert call("train", recipe, "--out", tmp_path / f"r{seed}", "--seed", seed, "--quiet") == 0
        assert call("evaluate", tmp_path / f"r{seed}", "--quiet") == 0
    assert "output: fid[phantom-cnn] = " in capsys.readouterr().out
    with open(tmp_path / "r0" / "scores.csv") as file:
        found = list(csv.DictReader(file))
    assert {(r["method"], r["case"] == "set") for r in found if r["measure"].startswith("fid")} == {
        ("input", True),
        ("output", True),
    }
    assert "fid[phantom-cnn]" in (tmp_path / "r0" / "report.html").read_text()
    assert call("compare", tmp_path / "r0", tmp_path / "r1", "--out", tmp_path / "out", "--json") == 0
    kept = json.loads(capsys.readouterr().out)
    assert kept["methods"] == ["input", "r0", "r1"] and kept["rules"]["cases"] == 10
    page = (tmp_path / "out" / "compare.html").read_text()
    assert {m["name"] for m in kept["measures"]} == {"mae", "ssim"} and "Worst case" in page
    assert "fid[phantom-cnn] (features squared), lower is better" in page
    (of_set,) = kept["sets"]
    assert set(of_set["values"]) == {"input", "r0", "r1"} and all(p["p"] is not None for p in kept["set_pairs"])
    assert kept["set_pairs"][0]["test"].startswith(("exact swap test", "swap test"))
    for word in ("Line profile", "Noise power spectra", "Training of every run", "on validation cases"):
        assert word in page, word
