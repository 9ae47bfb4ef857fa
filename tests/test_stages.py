"""Stages: played in turn, resumed bit for bit, used by every command, and refused in one message."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from adversaria.commands.restored import restore
from adversaria.networks import PlainCNN
from adversaria.networks.transfer import Frozen, inflate
from adversaria.recipes import build_game, read_recipe
from adversaria.recipes.yaml import read
from adversaria.vocabulary import UserError
from shell import call, refused, told

STAGED = """
phantom: !Brain {size: 32}
subjects: {train: 3, validation: 2, test: 3}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
train: {batch: 2, patch: [32, 32]}
stages:
  - game: !Supervised {generator: !UNet {depth: 3, width: 4}}
    train: {plays: 3, average: {generator: 0.5}}
  - game: !Pix2Pix
      generator: !From {stage: 1, player: generator}
      discriminator: !PatchGAN {width: 4, layers: 2}
    train: {plays: 4}
evaluate: {range: [-1, 1], scaled: true, measures: [mae]}
"""
FROZEN = STAGED.replace("!From {stage: 1, player: generator}\n", "!From {stage: 1, player: generator, frozen: true}\n")
FIRST = {"source": (1, 32, 32), "target": (1, 32, 32)}


@pytest.fixture
def place(tmp_path):
    found = tmp_path / "staged.yaml"
    found.write_text(STAGED)
    return found


def weights_of(run, plays, name="game"):
    return load_file(run / "checkpoints" / f"plays-{plays:09d}" / f"{name}.safetensors")


def test_the_last_stage_begins_with_what_the_first_averaged(place, tmp_path):
    run = tmp_path / "run"
    assert call("train", place, "--out", run, "--quiet", "--set", "train.plays=1") == 0
    averaged = weights_of(run / "stage-1", 3, "averages")
    recipe = read_recipe(str(place))
    game = build_game(recipe, FIRST, 2, run=run)
    for name, parameter in game.generator.named_parameters():
        assert torch.equal(parameter, averaged[f"generator/generator.{name}"])
    apart = build_game(recipe, FIRST, 2)
    assert not torch.equal(next(apart.generator.parameters()), next(game.generator.parameters()))


def test_every_command_works_on_a_staged_run(place, tmp_path, capsys):
    run = tmp_path / "run"
    assert call("train", place, "--dry-run") == 0
    assert "stage 1 of 2 (Supervised)" in told(capsys)
    assert call("train", place, "--out", run) == 0, told(capsys)
    assert "stage 2 of 2: Pix2Pix" in told(capsys)
    stated = read((run / "recipe.yaml").read_text(), "again")
    assert [stage["game"].tag for stage in stated["stages"]] == ["Supervised", "Pix2Pix"] and "game" not in stated
    assert stated["stages"][0]["train"]["average"] == {"generator": 0.5}
    assert json.loads((run / "environment.json").read_text())["stages"] == 2
    assert read_recipe(str(run / "recipe.yaml")).resolved() == (run / "recipe.yaml").read_text()
    for folder in (run, run / "stage-1"):
        assert call("evaluate", folder, "--quiet") == 0, told(capsys)
        assert (folder / "scores.csv").exists()
    assert call("report", run) == 0
    assert str(run / "stage-1" / "report.html") in told(capsys)
    assert (
        type(restore(run).game).__name__ == "Pix2Pix" and type(restore(run / "stage-1").game).__name__ == "Supervised"
    )


REFINED = STAGED.replace(
    "!Pix2Pix\n      generator: !From {stage: 1, player: generator}",
    """!Refinement
      base: !From {stage: 1, player: generator, frozen: true}
      refiner: !RefinementUNet {width: 2}""",
)


@pytest.mark.parametrize("text", [STAGED, REFINED], ids=["trained", "frozen"])
def test_a_stop_inside_the_second_stage_changes_no_bit(text, tmp_path):
    """SIGTERM at the second play of stage 2, then the same command: as if nothing had been."""
    place = tmp_path / "staged.yaml"
    place.write_text(text)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    code = "import sys; from stage_stop import main; main(*sys.argv[1:])"
    assert call("train", place, "--out", whole, "--quiet", "--save-every", "2") == 0
    asked, here = [sys.executable, "-c", code, str(place), str(cut)], Path(__file__).parent
    stopped = subprocess.run(asked, capture_output=True, text=True, cwd=here)
    assert stopped.returncode == 3, stopped.stderr
    assert (cut / "checkpoints" / "plays-000000002").is_dir() and not (cut / "checkpoints" / "plays-000000004").exists()
    before = (cut / "stage-1" / "log.csv").stat().st_mtime_ns
    assert call("train", place, "--out", cut, "--quiet", "--save-every", "2") == 0
    assert (cut / "stage-1" / "log.csv").stat().st_mtime_ns == before
    assert (whole / "log.csv").read_text() == (cut / "log.csv").read_text()
    for name in ("game", "optimisers"):
        one, other = weights_of(whole, 4, name), weights_of(cut, 4, name)
        assert one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def test_frozen_networks_stay_as_they_were_and_are_nobodys():
    network = PlainCNN(layers=2, width=4)
    frozen = Frozen(network)
    frozen.train()
    assert not network.training
    recipe = read(FROZEN, "frozen")
    assert recipe["stages"][1]["game"].arguments["generator"].arguments["frozen"] is True


TAKEN = "!From {stage: 1, player: generator}"
CHANNELS = STAGED.replace("source: t1", "source: t1+pd").replace(TAKEN, "!UNet {depth: 3, width: 4}")
WRONG = {
    "stage": (STAGED.replace("stage: 1", "stage: 2"), "no stage 2 before this one", "count from 1"),
    "player": (STAGED.replace("player: generator", "player: generatr"), "is called 'generatr'", "generator"),
    "channels": (CHANNELS.replace("!PatchGAN {width: 4, layers: 2}", TAKEN), "in_channels 2, and 1", "Bind and cut"),
    "everybody frozen": (FROZEN, "is frozen", "Leave out frozen"),
    "a key": (STAGED.replace("train: {plays: 4}", "trian: {plays: 4}"), "no 'trian'", "train"),
    "beside a game": (STAGED + "game: !Supervised {generator: !UNet {}}\n", "a game beside its stages", "Give each"),
    "no list": ("stages: 3\n", "stages are a list", "Write stages"),
    "the first": (STAGED.replace("!UNet {depth: 3, width: 4}", TAKEN), "no stage 1 before this one", "before it 0"),
    "inflated": (STAGED.replace("!From", "!Inflated"), "have 2 and 2", "!From"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_named_with_a_remedy(name, tmp_path):
    text, message, remedy = WRONG[name]
    place = tmp_path / "wrong.yaml"
    place.write_text(text)
    with pytest.raises(UserError) as caught:
        build_game(read_recipe(str(place)), {**FIRST, "source": (2 if "t1+pd" in text else 1, 32, 32)}, 2)
    assert message in caught.value.message and remedy in caught.value.remedy, str(caught.value)


def test_paths_reach_into_stages(place):
    recipe = read_recipe(str(place), ["stages.0.train.plays=9", "game.discriminator.width=6", "train.plays=5"])
    assert recipe.earlier[0].training().plays == 9 and recipe.training().plays == 5
    assert recipe.game.arguments["discriminator"].arguments["width"] == 6
    for change, said in (("stages.5.train.plays=2", "has no"), ("stages.0.game.generatr.width=2", "generator")):
        with pytest.raises(UserError, match=said):
            read_recipe(str(place), [change])


def test_another_first_stage_is_refused(place, tmp_path, capsys):
    run = tmp_path / "run"
    assert call("train", place, "--out", run, "--quiet", "--plays", "1") == 0
    assert (run / "stage-1" / "checkpoints" / "plays-000000001").is_dir()
    said = refused(capsys, "train", place, "--out", run, "--set", "stages.0.game.generator.width=8")
    assert "began with another recipe" in said


def test_inflated_networks_are_the_flat_one_slice_by_slice():
    flat, deep = PlainCNN(layers=3, width=4, dims=2), PlainCNN(layers=3, width=4, dims=3)
    inflate(flat.state_dict(), deep)
    volume = torch.randn(1, 1, 12, 10, 7)
    slices = torch.stack([flat(volume[..., k]) for k in range(7)], -1)
    torch.testing.assert_close(deep(volume), slices, atol=1e-6, rtol=1e-5)
    with pytest.raises(UserError, match="does not correspond"):
        inflate(PlainCNN(layers=3, width=5).state_dict(), deep)


VOLUMES = """
phantom: !Brain {size: 16, dims: 3}
subjects: {train: 2, validation: 1, test: 1}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
stages:
  - game: !Supervised {generator: !PlainCNN {layers: 3, width: 4}}
    train: {plays: 2, patch: [16, 16]}
  - game: !Supervised {generator: !Inflated {stage: 1, player: generator}}
    train: {plays: 1, patch: [16, 16, 16]}
evaluate: {range: [-1, 1], scaled: true, measures: [mae]}
"""


def test_a_volume_network_begins_as_the_trained_flat_one(tmp_path):
    place, run = tmp_path / "volumes.yaml", tmp_path / "run"
    place.write_text(VOLUMES)
    assert call("train", place, "--out", run, "--quiet") == 0
    recipe = read_recipe(str(place))
    shapes = {"source": (1, 16, 16, 16), "target": (1, 16, 16, 16)}
    begun = build_game(recipe, shapes, 3, run=run).generator
    flat = restore(run / "stage-1").game.generator
    volume = torch.randn(1, 1, 16, 16, 4)
    slices = torch.stack([flat(volume[..., k]) for k in range(4)], -1)
    torch.testing.assert_close(begun(volume), slices, atol=1e-6, rtol=1e-5)
    assert restore(run).game.generator.body[0].weight.ndim == 5
