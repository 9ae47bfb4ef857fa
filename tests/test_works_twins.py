"""What works of tables 5, 6 and 8 are compared with: twins that lack the adversary alone, and parts that are found."""

import sys

import pytest
import torch

from adversaria.games import Adam, RMSprop
from adversaria.recipes import read_recipe
from conftest import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks import works_naming, works_segmentation  # noqa: E402
from benchmarks.works_naming import middles, named  # noqa: E402
from benchmarks.works_segmentation import PlainCascade  # noqa: E402
from benchmarks.works_translation import supervised  # noqa: E402


@pytest.mark.parametrize("key", ["yang-2017a", "han-2018b", "xu-2018", "dou-2018-mr", "li-2017"])
def test_a_plain_twin_learns_by_the_works_own_optimiser(key):
    recipe = read_recipe(key)
    stated, twin = recipe.training().optimisers, works_segmentation.plain(recipe).training().optimisers
    own = stated.get("segmenter") or stated.get("network") or Adam(1e-3)
    assert twin == {"segmenter": own} and (key != "han-2018b" or isinstance(own, RMSprop))


def test_twins_of_two_networks_and_of_translators_do_too():
    recipe = read_recipe("rezaei-2018b")
    twin = works_segmentation.plain(recipe, PlainCascade)
    own = recipe.training().optimisers.get("segmenters", Adam(2e-4, (0.5, 0.999)))
    assert twin.game.tag == "PlainCascade" and twin.training().optimisers == {"segmenters": own}
    assert works_naming.plain(read_recipe("sekuboyina-2018")).training().optimisers == {"labeller": Adam(1e-3)}
    paired = supervised(read_recipe("nie-2017"), "first").training().optimisers
    assert paired == {"generator": read_recipe("nie-2017").training().optimisers["first"]}


def test_a_part_is_found_near_its_own_middle_and_no_others():
    mask = torch.zeros(1, 9, 9, 9)
    mask[0, 1, 1, 1], mask[0, 4:6, 4, 4], mask[0, 7, 7, 7] = 1, 2, 4
    truth = middles(mask, 4)
    assert truth[1].tolist() == [4.5, 4, 4] and truth[2].isnan().all()
    assert named(truth.nan_to_num(), truth, 5.0) == 1
    far = truth.clone()
    far[0, 0] -= 5
    # 5 voxels of 5 mm are too far; of 3 mm they are near enough
    assert named(far.nan_to_num(), truth, 5.0) == pytest.approx(2 / 3) and named(far.nan_to_num(), truth, 3.0) == 1
    far[0] = truth[1]
    # near enough to its own, nearer to another
    assert named(far.nan_to_num(), truth, 1.0) == pytest.approx(2 / 3)
