"""How restoring works are judged: every work has a plan, baselines do what they say, claims need their intervals."""

import sys

import numpy as np
import pytest
import torch

from adversaria.games import Supervised
from adversaria.recipes import read_recipe
from adversaria.recipes.recipe import shipped
from conftest import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks import works, works_classical, works_kept  # noqa: E402
from benchmarks.works_restoring import FROM_RAW, row, shown_as  # noqa: E402
from benchmarks.works_restoring_plans import LONG, PLANS  # noqa: E402


def test_every_work_of_table_1_has_a_plan_with_a_baseline_that_exists():
    known = {key for key in shipped() if read_recipe(key).tree.get("work", {}).get("table") == 1}
    assert known <= set(PLANS) and set(works.keys_of(1)) == known
    assert len(PLANS) == 33 and len(LONG) == 6 and set(LONG) <= set(PLANS)
    for plan in PLANS.values():
        name = plan.arguments.get("classical")
        assert name is None or name in FROM_RAW or callable(works_classical.named(str(name)))
    assert works.budget("yang-2017b", None) == 900 and works.budget("tang-2018", None) == 120
    # a plan is told apart by what it says, not by where it lies in memory
    assert "0x" not in repr(PLANS)


@pytest.mark.parametrize("sigma", [0.5, 4.0])
def test_the_noise_of_a_plane_is_found_and_removed(sigma):
    random = np.random.default_rng(0)
    truth = np.outer(np.linspace(0, 30, 48), np.ones(48)).astype(np.float32)
    noisy = (truth + sigma * random.standard_normal(truth.shape)).astype(np.float32)
    assert works_classical.noise_of(noisy) == pytest.approx(sigma, rel=0.05)
    made = works_classical.denoised(noisy[None], truth[None], 1.0)[0]
    assert np.abs(made - truth)[4:-4, 4:-4].mean() < 0.7 * np.abs(noisy - truth)[4:-4, 4:-4].mean()


def test_a_decimated_ramp_is_enlarged_in_its_place():
    line = np.arange(32, dtype=np.float32)
    truth = (line[:, None] + 2 * line[None])[None]
    made = works_classical.kept(np.ascontiguousarray(truth[:, ::4, ::4]), truth, 1.0)
    np.testing.assert_allclose(made[:, 8:20, 8:20], truth[:, 8:20, 8:20], atol=0.2)
    means = truth.reshape(1, 16, 2, 16, 2).mean((2, 4))
    larger = works_classical.enlarged(means, truth, 1.0)
    np.testing.assert_allclose(larger[:, 8:-8, 8:-8], truth[:, 8:-8, 8:-8], atol=1e-3)


def test_learned_is_claimed_only_over_the_input_and_another():
    def judged(own, input_, twin, classical):
        jitter = np.linspace(-0.1, 0.1, 8)
        found = {"own": own, "input": input_, "pixel-only twin": twin, "classical": classical}
        scores = {name: {"psnr": list(mean + jitter * (1 + k))} for k, (name, mean) in enumerate(found.items())}
        return row("x", scores, "psnr", "purpose", 10, 1.0, 8)

    assert judged(30, 28, 31, 29).learned and judged(30, 28, 29, 31).learned
    assert not judged(30, 31, 28, 28).learned and not judged(30, 28, 31, 31).learned
    # a lead within the spread over subjects is none
    assert not judged(30.01, 28, 30, 30).learned
    assert judged(30, 28, 31, 29).beats_baselines and judged(30, 28, 31, 29).value == pytest.approx(30)


def test_complex_images_are_shown_by_their_magnitude():
    image = np.array([3.0, 4.0], np.float32).reshape(2, 1, 1)
    assert shown_as(image, 1).tolist() == [[[5.0]]] and shown_as(image[:1], 1).tolist() == [[[3.0]]]
    # a colour image, or one whose truth has the same channels, stays
    assert shown_as(image, 2).tolist() == image.tolist()


def test_twins_are_trained_once(tmp_path, monkeypatch):
    monkeypatch.setattr(works_kept, "PLACE", tmp_path)
    games = [Supervised(torch.nn.Conv2d(1, 1, 1)) for _ in range(3)]
    trained = []

    def learn():
        trained.append(1)
        return 7, 1.5

    for game, what in zip(games, ("a recipe", "a recipe", "another"), strict=True):
        assert works_kept.remembered(game, what, learn) == (7, 1.5)
    assert len(trained) == 2
    assert torch.equal(games[0].generator.weight, games[1].generator.weight)
    assert not torch.equal(games[0].generator.weight, games[2].generator.weight)
