"""`plan`: from what a folder holds to a recipe that trains on it, or a refusal with the reason."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adversaria.data.fingerprint import fingerprint
from adversaria.data.folders import recognise
from adversaria.recipes import read_recipe
from adversaria.recipes.planning import Machine, choose, draft, smaller
from adversaria.vocabulary import UserError
from shell import call, refused, told

LAPTOP = Machine(memory=8.0)
DRAWS = np.random.default_rng(0)


def picture(place: Path, array: np.ndarray) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array.astype(np.uint8)).save(place)


def folder(root: Path, words: dict[str, str], count: int = 10, side: int = 40) -> Path:
    """One folder a word: noise, discs as masks, or masks as resizing leaves them."""
    rows, columns = np.mgrid[:side, :side]
    for word, kind in words.items():
        for k in range(count):
            far = np.hypot(rows - side / 2, columns - side / 2) - side / 4 - k / 5
            made = {
                "grey": DRAWS.integers(0, 256, (side, side)),
                "colour": DRAWS.integers(0, 256, (side, side, 3)),
                "mask": 255 * (far < 0),
                "lossy": 255 * np.clip(0.5 - far / 1.5, 0, 1),
            }[kind]
            picture(root / word / f"{k:03d}.png", made)
    return root


def planned(place: Path, tmp_path: Path, **asked):
    """The choice, and the recipe as it is read back."""
    data = fingerprint(recognise(place))
    choice = choose(data, LAPTOP, **asked)
    file = tmp_path / "planned.yaml"
    file.write_text(draft(choice, data))
    return choice, read_recipe(str(file))


def test_pairs_are_translated(tmp_path):
    choice, recipe = planned(folder(tmp_path / "d", {"t1": "grey", "t2": "grey"}), tmp_path)
    assert (choice.task, choice.source.name, choice.target.name, choice.dims) == ("translate", "t1", "t2", 2)
    assert recipe.bind == {"source": "t1", "target": "t2"} and recipe.training().patch == (32, 32)
    back, _ = planned(tmp_path / "d", tmp_path, source="t2", target="t1")
    assert back.source.name == "t2"


def test_words_without_common_cases_are_unpaired(tmp_path):
    folder(tmp_path / "d", {"a": "grey"})
    for k in range(12):
        picture(tmp_path / "d" / "b" / f"other{k}x{k}.png", DRAWS.integers(0, 256, (48, 40)))
    choice, recipe = planned(tmp_path / "d", tmp_path)
    assert choice.task == "translate-unpaired" and recipe.game.tag == "CycleGAN"
    assert recipe.bind == {"source": "a.a", "target": "b.b"}
    with pytest.raises(UserError, match="are no pairs"):
        choose(fingerprint(recognise(tmp_path / "d")), LAPTOP, task="translate")


def test_label_maps_are_segmented_or_drawn_from(tmp_path):
    place = folder(tmp_path / "d", {"images": "grey", "masks": "mask"})
    choice, recipe = planned(place, tmp_path)
    assert choice.task == "segment" and recipe.labels().values == (255,) and recipe.game.arguments["classes"] == 2
    choice, recipe = planned(place, tmp_path, task="mask-to-image")
    assert (choice.source.name, choice.target.name) == ("masks", "images")
    assert recipe.game.arguments["generator"].tag == "SPADEGenerator"


def test_masks_with_values_between_are_refused(tmp_path):
    place = folder(tmp_path / "d", {"images": "grey", "masks": "lossy"})
    with pytest.raises(UserError, match="values between their labels"):
        planned(place, tmp_path)


def test_images_of_one_kind_are_drawn_and_classes_are_used(tmp_path):
    place = folder(tmp_path / "d", {"skin": "colour"})
    rows = [f"{p.relative_to(place)},{'ab'[k % 2]}" for k, p in enumerate(sorted(place.rglob("*.png")))]
    choice, recipe = planned(place / "skin", tmp_path)
    assert choice.task == "synthesise" and recipe.game.tag == "GAN" and recipe.grid().size == (32, 32)
    (place / "manifest.csv").write_text("\n".join(["image,label", *rows]) + "\n")
    choice, recipe = planned(place, tmp_path)
    assert choice.classes == 2 and recipe.game.tag == "CGAN" and recipe.bind["label"] == "label"


def test_what_cannot_be_trained_is_refused_with_the_reason(tmp_path):
    few = folder(tmp_path / "few", {"a": "grey", "b": "grey"}, count=3)
    with pytest.raises(UserError, match="too few"):
        planned(few, tmp_path)
    tiny = folder(tmp_path / "tiny", {"a": "grey", "b": "grey"}, side=12)
    with pytest.raises(UserError, match="too small"):
        planned(tiny, tmp_path)
    only = folder(tmp_path / "only", {"masks": "mask", "labels": "mask"})
    with pytest.raises(UserError, match="only label maps"):
        planned(only, tmp_path)
    with pytest.raises(UserError, match="not in HU"):
        planned(folder(tmp_path / "grey", {"x": "grey"}) / "x", tmp_path, task="denoise")
    with pytest.raises(UserError, match="no task"):
        planned(few, tmp_path, task="paint")


def test_a_plan_that_takes_too_much_is_made_smaller_to_an_end(tmp_path):
    choice, _ = planned(folder(tmp_path / "d", {"a": "grey", "b": "grey"}, side=150), tmp_path)
    steps = [choice]
    while (less := smaller(steps[-1])) is not None:
        steps.append(less)
    assert steps[-1].batch == 1 and min(steps[-1].patch) <= 32 and steps[-1].width <= 8 and len(steps) < 12


def test_the_command_tries_its_recipe_and_the_recipe_trains(tmp_path, capsys):
    """The whole way: plan, then train what it wrote."""
    place, recipe = folder(tmp_path / "d", {"t1": "grey", "t2": "grey"}), tmp_path / "mine.yaml"
    assert call("plan", place, "-o", recipe, "--minutes", "1", "--json", "--quiet") == 0
    found = json.loads(told(capsys))
    assert found["task"] == "translate" and found["plays"] >= 500
    assert "exists" in refused(capsys, "plan", place, "-o", recipe)
    asked = ("--plays", "2", "--set", "game.generator.width=4", "--quiet")
    assert call("train", recipe, "--data", place, "--out", tmp_path / "run", *asked) == 0


@pytest.mark.parametrize(
    ("name", "task", "first", "last"),
    [
        ("fundus_drive", "segment", "images", "vessels"),
        ("mr_hippocampus", "segment", "images", "labels"),
        ("mr_ms_lesion", "segment", "FLAIR", "GOLD"),
        ("mr_brain_tumor_dicom", "translate", "26401-T1prereg-52906", "11-T1post-18670"),
        ("ct_head_ge_irregular", "denoise", None, "image"),
        ("ct_kernel_pair_phantom", "translate", "std", "bone"),
        ("skin_ph2", "synthesise", None, "skin_ph2"),
        ("nuclei_dsb2018", "segment", "image", "mask"),
        ("pet_spect_mr_templates", "translate", "T1", "T2"),
        ("us_fetal_head", "segment", "images", "annotations"),
        ("em_membrane", "segment", "images", "labels"),
    ],
)
def test_real_folders(real, tmp_path, name, task, first, last):
    """What is chosen for folders of many kinds, and that the recipe reads."""
    choice, recipe = planned(real(name), tmp_path)
    found = choice.task, choice.source.name if choice.source else None
    assert found == (task, first) and (last == name or choice.target.name == last)
    assert recipe.training().plays > 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cxr_jsrt", "values between"),
        ("cxr_dicom", "too few"),
        ("ct_abdomen_organs", "mixes images and label maps"),
        ("pet_dicom_slices", "mixes 2 series"),
    ],
)
def test_real_folders_that_are_refused(real, tmp_path, name, said):
    """Each with its reason."""
    with pytest.raises(UserError, match=said):
        planned(real(name), tmp_path)
