"""Ablation, the sensitivity study, and downstream validation."""

import csv
import inspect
import json

import numpy as np
import pytest

from adversaria import games
from adversaria.cli import main
from adversaria.metrics import statistics
from adversaria.recipes import read_recipe
from adversaria.recipes.ablation import WEIGHTS, toggles
from adversaria.reports.ablation import changes
from adversaria.reports.comparing import compare_scores
from adversaria.reports.scores import Score, read_scores

SMALL = """
phantom: !Brain {size: 32}
subjects: {train: 3, validation: 2, test: 7}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Supervised
  generator: !PlainCNN {layers: 2, width: 4, final: identity}
  terms: {pixel: 10, variation: !TotalVariation {}}
train: {plays: 9, batch: 2, patch: [32, 32], optimisers: {generator: {lr: 1e-2}}}
evaluate: {range: [-1, 1], scaled: true, measures: [mae]}
"""


def call(*words) -> int:
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def test_every_weighted_part_of_an_objective_can_be_switched_off():
    assert toggles(read_recipe("yang-2017b")) == {
        "perceptual": "game.terms.perceptual.weight",
        "adversarial": "game.adversarial_weight",
        "penalty": "game.penalty.weight",
    }
    assert toggles(read_recipe("pix2pix")) == {
        "pixel": "game.terms.pixel.weight",
        "adversarial": "game.adversarial_weight",
    }
    for path in toggles(read_recipe("yang-2017b")).values():
        off = read_recipe("yang-2017b", changes=[f"{path}=0"])
        assert path not in toggles(off).values() and len(toggles(off)) == 2


def test_of_every_number_that_a_game_takes_it_is_known_whether_it_weighs_a_loss():
    others = {"balance", "blend", "clip", "gamma", "margin", "mixing", "rate", "share", "temperature", "truncation"}
    for name in (name for name in games.__all__ if hasattr(getattr(games, name), "play")):
        for argument, parameter in inspect.signature(getattr(games, name).__init__).parameters.items():
            if parameter.annotation in (float, "float") and not argument.endswith("weight"):
                assert argument in {*WEIGHTS, *others}, (name, argument)
    cycle = toggles(read_recipe("cyclegan", changes=["game.identity=5"]))
    assert cycle == {"cycle": "game.cycle", "identity": "game.identity"}


def test_changes_are_without_minus_whole_and_corrected_over_the_table():
    random = np.random.default_rng(0)
    base = 30 + random.standard_normal(9)
    scores = []
    for method, gain in (("input", -5.0), ("whole", 0.0), ("no-pixel", -2.0), ("no-adversarial", 0.01)):
        noise = 0.05 * random.standard_normal(9)
        for k in range(9):
            value = float(base[k] + gain + noise[k])
            scores.append(Score("r", f"c{k}", f"s{k}", "whole", method, "psnr", value, "dB", "higher"))
    found = changes(compare_scores(scores), "whole")
    assert [row.without for row in found] == ["no-pixel", "no-adversarial"]
    assert found[0].change == pytest.approx(-2, abs=0.1) and found[0].low < -2 < found[0].high + 0.1
    assert found[0].real and not found[1].real
    assert [row.corrected for row in found] == pytest.approx(statistics.holm([row.p for row in found]))


def test_ablate_trains_each_run_under_one_budget_and_reports_the_loss(tmp_path, capsys):
    recipe, out = tmp_path / "small.yaml", tmp_path / "runs"
    recipe.write_text(SMALL)
    assert call("ablate", recipe, "--out", out, "--plays", "6", "--json", "--quiet") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["without"] for row in rows} == {"no-pixel", "no-variation"}
    lost = next(row for row in rows if (row["without"], row["measure"]) == ("no-pixel", "mae"))
    assert lost["n"] == 7 and lost["change"] != 0
    for name, mean in (("whole", lost["whole"]), ("no-pixel", lost["mean"])):
        kept = [s.value for s in read_scores(out / name / "scores.csv") if s.method == "output"]
        assert mean == pytest.approx(np.mean(kept))
    assert lost["change"] == pytest.approx(lost["mean"] - lost["whole"], rel=1e-6)
    for name in ("whole", "no-pixel", "no-variation"):
        with open(out / name / "log.csv", newline="") as file:
            log = list(csv.DictReader(file))
        assert max(int(row["play"]) for row in log) >= 5
        of_pixel = [float(row["value"]) for row in log if row["term"] == "pixel"]
        assert all(value == 0 for value in of_pixel) == (name == "no-pixel")
    text = (out / "ablation.md").read_text()
    assert "6 plays, seed 0" in text and "no-pixel" in text and (out / "compare.html").exists()
    assert len(list(csv.DictReader((out / "ablation.csv").read_text().splitlines()))) == len(rows)


def test_a_recipe_of_one_term_is_refused(capsys):
    assert call("ablate", "supervised", "--quiet") == 2
    assert "nothing would be learned" in capsys.readouterr().err
