"""Ablation, the sensitivity study, and downstream validation."""

import csv
import inspect
import json

import numpy as np
import pytest

from adversaria import games
from adversaria.claims.answers import UNSPOILED, Answer, of_cases
from adversaria.claims.degradations import DEGRADATIONS, dropped
from adversaria.claims.measures import Kind
from adversaria.claims.readers import TemplateReader
from adversaria.claims.scenes import Scene, Subject
from adversaria.claims.sensitivity import sensitivity
from adversaria.claims.sensitivity_page import as_plain, long_table
from adversaria.cli import main
from adversaria.draws import stream
from adversaria.metrics import statistics
from adversaria.recipes import read_recipe
from adversaria.recipes.ablation import WEIGHTS, toggles
from adversaria.reports.ablation import changes
from adversaria.reports.comparing import compare_scores
from adversaria.reports.scores import Score, read_scores
from adversaria.tasks.downstream import _part, downstream
from adversaria.tasks.downstream_networks import (
    Classifier,
    Labelled,
    Ranker,
    Segmenter,
    Training,
    classes_in,
    masks_in,
)
from adversaria.vocabulary import UserError

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
    others = {
        "balance", "blend", "clip", "epsilon", "gamma", "margin", "mixing", "noise", "rate", "share", "spread",
        "temperature", "truncation",
    }  # fmt: skip
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


def blobs(name, count, shuffled=False):
    """Noise with a soft bright disc (class 1) or without one (class 0), and the disc's map."""
    random = stream("blobs", name)
    at = np.indices((16, 16))
    images, classes, maps = [], [], []
    for number in range(count):
        row, column = random.uniform(5, 10, 2)
        disc = np.hypot(at[0] - row, at[1] - column) < random.uniform(2, 3.5)
        there = number % 2
        image = random.standard_normal((1, 16, 16)) + 2.0 * there * disc
        images.append(image.astype(np.float32))
        classes.append(there)
        maps.append((disc & bool(there)).astype(np.int64))
    if shuffled:
        classes = list(random.permutation(classes))
    return Labelled(images, classes), Labelled(images, maps)


LEARNED = Training((-4.0, 4.0), width=4, steps=60)


@pytest.mark.parametrize("kind", ["classes", "maps"])
def test_copies_of_the_real_images_give_what_the_real_ones_give(kind):
    which = 0 if kind == "classes" else 1
    learner = (Classifier, Segmenter)[which](LEARNED)
    step = 1 + which  # for maps only images with a disc
    real, test = (blobs(name, n)[which].part(range(which, n, step)) for name, n in (("real", 40), ("test", 24)))
    copies = Labelled([image.copy() for image in real.images], list(real.labels))
    found = downstream(learner, real, test, copies, repeats=1)
    assert found.arms["synthetic"].values == found.arms["real"].values
    assert found.arms["real"].summary.mean > 0.5
    assert found.arms["real, tested on synthetic"].summary.mean >= found.arms["real"].summary.mean - 0.1
    assert f"| mixed | {len(real)} | {len(real)} | real |" in found.table()


def test_good_synthetic_images_help_a_small_real_set_and_shuffled_ones_do_not():
    real, test = blobs("real", 40)[0], blobs("test", 40)[0]
    learner = Classifier(LEARNED)
    good = downstream(learner, real, test, blobs("good", 80)[0], sizes=(4,), repeats=2)
    bad = downstream(learner, real, test, blobs("bad", 80, shuffled=True)[0], sizes=(4,), repeats=2)
    assert good.gains[0].difference.mean > 0.1 and good.gains[0].p < 0.05
    assert bad.gains[0].difference.mean < 0.05
    assert bad.arms["synthetic"].summary.mean < good.arms["synthetic"].summary.mean - 0.15
    assert good.arms["4 real"].values == bad.arms["4 real"].values


def test_training_on_shuffled_classes_falls_to_chance_and_its_area_is_scikit_learns(monkeypatch):
    from sklearn.metrics import roc_auc_score

    from adversaria.tasks import downstream_networks

    test, learner = blobs("test", 200)[0], Ranker(Training((-4.0, 4.0), width=4, steps=90))
    classes = np.array([int(c) for c in test.labels])
    shuffled = [learner(blobs(f"shuffled {k}", 1000, shuffled=True)[0], None, test, 2, (0, k)) for k in range(3)]
    assert np.mean(shuffled) == pytest.approx(0.5, abs=0.05)
    good = learner(blobs("good", 1000)[0], None, test, 2, (0, 0))
    assert good.mean() > 0.85 and good[classes == 1].mean() == pytest.approx(good.mean())
    scores = np.random.default_rng(0).normal(0, 1, 200).round(1) + classes
    monkeypatch.setattr(downstream_networks, "_scores", lambda *words: np.stack([0 * scores, scores], 1))
    placed = learner(test, None, test, 2, (0, 0))
    assert placed.mean() == pytest.approx(roc_auc_score(classes, scores), abs=1e-9)
    with pytest.raises(UserError, match="two classes"):
        learner(test, None, test, 3, (0, 0))


def test_a_small_part_has_every_class_and_what_cannot_be_studied_is_refused():
    real = blobs("real", 12)[0]
    assert sorted(_part(real, 4, 0, 0).labels) == [0, 0, 1, 1]
    with pytest.raises(UserError, match="no synthetic images"):
        downstream(Classifier(LEARNED), real, real, Labelled([], []))
    with pytest.raises(UserError, match="12 real images"):
        downstream(Classifier(LEARNED), real, real, real, sizes=(13,))
    with pytest.raises(UserError, match="labels"):
        Labelled(real.images, real.labels[:3])


def test_folders_of_classes_and_of_masks_are_read(tmp_path):
    from PIL import Image

    for place, value in (("benign", 10), ("malignant", 200)):
        (tmp_path / "set" / place).mkdir(parents=True)
        for number in range(2):
            Image.fromarray(np.full((8, 8), value, np.uint8)).save(tmp_path / "set" / place / f"{number}.png")
    found = classes_in(tmp_path / "set")
    assert found.labels == [0, 0, 1, 1] and found.images[2].shape == (1, 8, 8) and found.images[2].max() == 200
    pairs = masks_in(tmp_path / "set" / "benign", tmp_path / "set" / "malignant")
    assert len(pairs) == 2 and pairs.segmented and pairs.labels[0].max() == 200


def scene(subjects=8):
    random = stream("scene")
    found = []
    for _ in range(2 * subjects):
        twin = (100 * np.cumsum(random.standard_normal((1, 48, 48)), 2) / 7).astype(np.float32)
        lesion = np.zeros((1, 48, 48), np.int16)
        lesion[:, 20:26, 20:26] = 1
        found.append(Subject(twin + 150 * lesion.astype(np.float32), (1.0, 1.0), twin, lesion, 1))
    return Scene("made", "HU", (-500.0, 500.0), found[:subjects], [subject.image for subject in found[subjects:]])


def test_degradations_do_what_they_say():
    one = scene(1).subjects[0]
    ways = {way.name: way for way in DEGRADATIONS}
    random = stream("degraded")
    limits = (-500.0, 500.0)
    assert np.allclose(ways["lesion removal"].apply(one.image, one.twin, 1, limits, random), one.twin, atol=1e-4)
    assert np.allclose(ways["contrast inversion"].apply(one.image, None, 1, limits, random), -one.image)
    moved = ways["shift"].apply(one.image, None, 4, limits, random)
    assert np.array_equal(moved[..., 4:], one.image[..., :-4])
    added = ways["noise"].apply(one.image, None, 0.1, limits, random) - one.image
    assert added.std() == pytest.approx(100, rel=0.05)
    assert ways["blur"].apply(one.image, None, 2, limits, random).std() < one.image.std()
    images = [np.full((1, 2, 2), value, np.float32) for value in range(8)]
    values = {int(image.max()) for image in dropped(images, 3)}
    assert len(dropped(images, 3)) == 8 and len(values) == 2


def test_a_study_finds_what_is_known_of_measures():
    study = sensitivity(scene(), TemplateReader(), measured=8)
    answers = {found.measure: found for found in study.answers}
    assert answers["mae"].verdict("noise") == answers["psnr"].verdict("blur") == "worse"
    assert answers["lesion_contrast_recovery"].verdict("lesion removal") == "worse"
    noise = [answers["mae"].losses["noise", level] for level in (0.02, 0.05, 0.1, 0.2)]
    assert noise == sorted(noise) and noise[-1] > 10
    assert study.reading["none", 0.0] > 0.9
    assert study.reading["lesion removal", 1.0] == pytest.approx(0.5, abs=0.2)
    assert study.reading["contrast inversion", 1.0] < 0.1
    assert answers["psnr in the lesion"].losses["lesion removal", 1.0] > answers["psnr"].losses["lesion removal", 1.0]
    agreed = answers["lesion_contrast_recovery"].agreement
    assert agreed is not None and -1 <= agreed <= 1 and "dice" in study.left_out
    same = sensitivity(scene(), TemplateReader(), measured=8)
    assert as_plain(study) == as_plain(same)
    assert long_table([study]).count("\n") == 1 + sum(len(a.losses) for a in study.answers)


def test_answers_are_counted_in_spreads_and_told_apart():
    kind = Kind("m", "lower", "")
    losses = {("a", 1.0): 0.5, ("a", 2.0): 1.0, ("b", 1.0): 0.1, ("b", 2.0): -0.1, ("c", 1.0): -1.0, ("c", 2.0): -3.0}
    losses |= {("d", 1.0): 2.0, ("d", 2.0): 0.5}
    found = Answer(kind, 0.0, 1.0, losses)
    assert [found.verdict(way) for way in "abcde"] == ["worse", "blind", "better", "not monotone", "undefined"]
    first, worse = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    values = {UNSPOILED: {kind: first}, ("noise", 1.0): {kind: worse}}
    assert of_cases(kind, values, {}, 0).losses == {("noise", 1.0): pytest.approx(1.0)}
    near = Kind("n", "closer to 1", "")
    assert near.goodness(np.array([0.5, 1.0, 1.5])).tolist() == [-0.5, 0.0, -0.5]


@pytest.mark.parametrize("kind", ["classes", "masks"])
def test_downstream_as_a_command(kind, tmp_path, capsys):
    from PIL import Image

    from shell import call, refused

    random = np.random.default_rng(0)
    for place, count in (("real", 8), ("test", 6), ("synthetic", 8)):
        for number in range(count):
            there = number % 2
            array = random.integers(0, 60, (16, 16)).astype(np.uint8)
            array[4:10, 4:10] += np.uint8(150 * there)
            names = ("images", "masks") if kind == "masks" else (f"class{there}",)
            arrays = (array, np.uint8(array > 100)) if kind == "masks" else (array,)
            for name, image in zip(names, arrays, strict=True):
                (tmp_path / place / name).mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(tmp_path / place / name / f"{number}.png")
    words = ("downstream", *[w for n in ("real", "test", "synthetic") for w in (f"--{n}", tmp_path / n)])
    fast = ("--repeats", 1, "--steps", 8, "--width", 4, "--sizes", 4)
    assert "data range" in refused(capsys, *words, *fast)
    assert call(*words, *fast, "--range", 0, 255, "--out", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "| mixed | 8 | 8 | real |" in said and "| 4 real and synthetic |" in said
    assert (tmp_path / "out" / "downstream.md").read_text() in said and (tmp_path / "out" / "downstream.json").exists()
    if kind == "classes":
        assert call(*words, *fast, "--range", 0, 255, "--auc", "--json") == 0
        assert '"measure": "AUC"' in capsys.readouterr().out
    else:
        (tmp_path / "test" / "masks").rename(tmp_path / "test" / "other")
        assert "Sort all three folders alike" in refused(capsys, *words, "--range", 0, 255)
