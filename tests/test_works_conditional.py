"""How the works of Table 6 are judged: every work has a plan, and its measures are what they are called."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from adversaria.data.phantoms import IHC, IVUS
from adversaria.recipes import read_recipe
from adversaria.recipes.recipe import shipped
from adversaria.run import Run
from conftest import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks import works, works_conditional  # noqa: E402
from benchmarks.works_conditional import (  # noqa: E402
    LONG,
    PLANS,
    ConditionalPlan,
    gathered,
    labels,
    paired,
    psnr,
    reader,
    stepped,
)
from benchmarks.works_rows import dices  # noqa: E402
from benchmarks.works_translation import play  # noqa: E402


def test_every_work_of_table_6_has_a_plan():
    known = {key for key in shipped() if read_recipe(key).tree.get("work", {}).get("table") == 6}
    assert set(PLANS) == known == set(works.keys_of(6)) and len(PLANS) == 18
    assert len(LONG) == 6 and set(LONG) <= set(PLANS)
    assert works.budget("costa-2017a", None) == 900 and works.budget("tom-2018", None) == 120


def test_the_ratio_of_signal_to_noise_is_taken_where_there_is_weight():
    truth, found = torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)
    found[:, :, 0] = 0.2
    # 4 / 0.04 on one row of four: 20 dB there, 26.02 dB over the whole image
    everywhere = psnr(found, truth, torch.ones(2, 1))
    assert everywhere.tolist() == pytest.approx([26.0206] * 2)
    weight = torch.ones(2, 1, 4, 4)
    weight[:, :, 0] = 5
    assert psnr(found, truth, weight).tolist() == pytest.approx([20.0] * 2)


def test_labels_are_read_from_the_channel_that_shows_them():
    scaled = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0]).view(1, 1, 1, 5)
    source = torch.cat([torch.zeros_like(scaled), scaled], 1)
    assert labels({"source": source}, ConditionalPlan(channel=1, levels=4)).flatten().tolist() == [0, 1, 2, 3, 4]
    assert labels({"weight": scaled}, ConditionalPlan(labels="mask", levels=2)).flatten().tolist() == [0, 0, 1, 2, 2]
    # a drawn map becomes one of label numbers
    assert stepped(scaled + 0.1, 1).flatten().tolist() == [-1, -1, 1, 1, 1]
    assert stepped(scaled + 0.1, 4).flatten().tolist() == pytest.approx([-1, -0.5, 0, 0.5, 1])


def test_a_reader_finds_every_class_in_real_images():
    cases = [IHC(size=32).case(subject) for subject in range(20)]
    image = torch.stack([torch.as_tensor(case["image"]) for case in cases]) * 2 - 1
    mask = torch.stack([torch.as_tensor(case["mask"]) for case in cases])
    read = reader(image[:14], mask[:14], 2)(image[14:])
    # negative nuclei, and positive ones, which are few: by cross entropy alone, for half as long, it was 0.79 and 0.47
    assert all(np.nanmean(dices(read, mask[14:], (kind,))) > 0.85 for kind in (1, 2))


def test_the_twin_of_unpaired_streams_has_pairs_of_the_subjects_own(tmp_path: Path):
    plan, recipe = PLANS["tom-2018"], read_recipe("tom-2018")
    recipe.tree["subjects"] = {"train": 3, "validation": 2, "test": 5}
    recipe.tree["evaluate"] = {"truth": plan.truth}
    twin = play(paired(recipe, plan), Run(tmp_path), 0.0)
    words = gathered(twin.session, "test")
    assert {word: len(tensor) for word, tensor in words.items()} == {"source": 5, "target": 5}
    # every test subject once, its simulated frame beside its own image
    phantom, found = IVUS(size=64), []
    for source, target in zip(words["source"], words["target"], strict=True):
        pair = torch.stack([source, target]).numpy() / 2 + 0.5
        found += [k for k, case in enumerate(map(phantom.case, range(100_000, 100_005)))
                  if np.allclose(pair, np.stack([case["stage0"], case["image"]]).clip(0, 1), atol=1e-5)]  # fmt: skip
    assert sorted(found) == list(range(5))
    assert works_conditional.applied(twin.restored.game, words).shape == words["target"].shape


def test_the_page_says_what_a_row_was_judged_on_and_keeps_other_seeds_apart():
    facts = {"measure": "Dice", "better": "higher", "purpose": "maps", "baselines": {"twin": 0.5}, "plays": 7}
    cost = {"cpu_seconds": 120.0, "budget_s": 120.0, "note": "", "data": "real images read so: 0.82"}
    row = {**facts, **cost, "value": 0.7, "beats_baselines": True}
    alone = works.page({"iqbal-2018": row}, {})
    assert "real images read so: 0.82" in alone and "Other seeds" not in alone
    both = works.page({"iqbal-2018": row}, {"iqbal-2018 1": {**row, "value": 0.4, "beats_baselines": False}})
    first, _, other = both.partition("## Other seeds")
    assert "| iqbal-2018 | maps | Dice (higher is better) | 0.7 | twin 0.5 | yes |" in first
    assert "| iqbal-2018 1 | maps | Dice (higher is better) | 0.4 | twin 0.5 | no |" in other
