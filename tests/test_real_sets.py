"""Real folders from a plan to a score, as docs/real-sets.md has it, in a small form: what is planned trains."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from adversaria.data.fingerprint import fingerprint
from adversaria.data.folders import recognise
from adversaria.data.read import read_image
from adversaria.recipes import read_recipe
from adversaria.recipes.planning import Machine, choose, draft
from adversaria.run import read_json
from shell import call


def planned(folder: Path, recipe: Path, **asked):
    """Write what `adversaria plan` would, without its trial."""
    data = fingerprint(recognise(folder), looked_at=2)
    choice = choose(data, Machine(memory=4.0), **asked)
    recipe.write_text(draft(choice, data))
    return choice


def sets(*changes) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def scored(run: Path, data: Path, capsys) -> dict[tuple[str, str], float]:
    capsys.readouterr()
    assert call("evaluate", run, "--data", data, "--json", "--quiet") == 0
    cells = json.loads(capsys.readouterr().out)
    assert all("not evidence of generalisation" in cell["note"] for cell in cells)
    return {(cell["method"], cell["measure"]): cell["summary"]["mean"] for cell in cells}


def test_anisotropy_from_t1_in_a_slab_of_one_child(real, tmp_path, capsys):
    """Six files with one long name in common are six words; a slab of 18 voxels is worked on in 3D, grids kept."""
    folder, recipe, run = real("mr_pediatric_slabs/PEDS012_multimodal"), tmp_path / "fa.yaml", tmp_path / "run"
    choice = planned(folder, recipe, task="translate", source="mprage_t1", target="30dir_fa_anatomical")
    assert (choice.dims, choice.patch) == (3, (32, 16, 32))
    tiny = sets("game.generator.width=4", "game.discriminator.width=4", "train.batch=1")
    assert call("train", recipe, "--data", folder, "--out", run, "--plays", "2", "--quiet", *tiny) == 0
    values = scored(run, folder, capsys)
    assert {("input", "ssim"), ("output", "ssim")} <= set(values) and np.isfinite(list(values.values())).all()
    t1 = next(folder.glob("*mprage_t1*"))
    assert call("apply", run, "-i", t1, "-o", tmp_path / "fa.nii.gz", "--overlap", "0", "--quiet") == 0
    made, given = read_image(tmp_path / "fa.nii.gz"), read_image(t1)
    assert made.array.shape == given.array.shape and made.array.max() < 3, "anisotropy, not the grey values of T1"


def test_pet_whose_bytes_stand_for_fractions_is_scored_on_its_own_scale(real, tmp_path):
    """The template's bytes stand for 0 to 0.9: over a range of 0 to 255 any output would score 50 dB."""
    choice = planned(real("pet_spect_mr_templates"), tmp_path / "pet.yaml", source="T1", target="PET")
    assert (choice.task, choice.target.kind, choice.dims) == ("translate", "grey", 3)
    assert read_recipe(str(tmp_path / "pet.yaml")).evaluation().range == (-1, 1)


def test_nuclei_are_segmented_and_drawn_from_one_mask_an_object(real, tmp_path, capsys):
    """Both ways round from one folder; the thick nuclei bear a small grid and the map drawn from is on it."""
    folder = tmp_path / "nuclei"
    for case in sorted((real("nuclei_dsb2018") / "fluorescence").iterdir())[:8]:
        shutil.copytree(case, folder / case.name)
    choice = planned(folder, tmp_path / "draw.yaml", task="mask-to-image")
    assert choice.whole and choice.patch == (64, 64)
    assert choice.target.bound == "image/grey", "fluorescence is grey, stored as colour"
    tiny = sets("game.generator.width=4", "game.generator.hidden=8", "game.discriminator.width=4", "train.batch=1")
    words = ("train", tmp_path / "draw.yaml", "--data", folder, "--plays", "1", "--quiet", *tiny)
    assert call(*words, "--out", tmp_path / "drawn") == 0
    Image.fromarray(np.eye(96, 128, dtype=np.uint8)).save(tmp_path / "mask.png")
    capsys.readouterr()
    assert call("apply", tmp_path / "drawn", "-i", tmp_path / "mask.png", "-o", tmp_path / "made.png") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "grid of 64 x 64, and the result brought back to its own 96 x 128" in said
    assert read_image(tmp_path / "made.png").array.shape == (1, 96, 128)
    assert planned(folder, tmp_path / "find.yaml").task == "segment"
    tiny = sets("game.segmenter.width=4", "game.discriminator.width=4", "train.batch=1")
    words = ("train", tmp_path / "find.yaml", "--data", folder, "--plays", "1", "--quiet", *tiny)
    assert call(*words, "--out", tmp_path / "found") == 0
    assert read_json(tmp_path / "found" / "data.json")["split"]["rule"].startswith("by file")
    assert 0 <= scored(tmp_path / "found", folder, capsys)["output", "dice (mask)"] <= 1


def test_vessels_are_drawn_from_in_patches_not_shrunk_away(real, tmp_path):
    choice = planned(real("fundus_drive"), tmp_path / "draw.yaml", task="mask-to-image")
    assert not choice.whole and choice.patch == (128, 128) and 2 < choice.source.thickness < 6


def test_numbers_of_organs_are_not_scored_as_hu(real, tmp_path, capsys):
    """CT from its organs: the map is no picture to be compared with, and the CT is known by its air."""
    data, recipe, run = tmp_path / "data", tmp_path / "ct.yaml", tmp_path / "run"
    for word, name in (("labels", "example_seg"), ("ct", "example_ct_sm")):
        (data / word).mkdir(parents=True)
        shutil.copy(real("ct_abdomen_organs") / f"{name}.nii.gz", data / word / "p1.nii.gz")
    choice = planned(data, recipe, task="mask-to-image")
    assert (choice.target.kind, choice.dims, choice.whole) == ("ct", 2, False)
    tiny = sets("game.generator.width=4", "game.generator.hidden=8", "game.discriminator.width=4", "train.batch=1")
    assert call("train", recipe, "--data", data, "--out", run, "--plays", "1", "--quiet", *tiny) == 0
    assert {method for method, _ in scored(run, data, capsys)} == {"output"}
