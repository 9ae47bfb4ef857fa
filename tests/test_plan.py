"""`plan`: from what a folder holds to a recipe that trains on it, or a refusal with the reason."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from adversaria.data.fingerprint import fingerprint
from adversaria.data.folders import recognise
from adversaria.data.grid import Resized
from adversaria.data.labels import Labels
from adversaria.data.read import read_image
from adversaria.recipes import read_recipe
from adversaria.recipes.planning import Machine, choose, draft, lighter, smaller
from adversaria.vocabulary import UserError
from shell import call, refused, told

LAPTOP = Machine(memory=8.0)
DRAWS = np.random.default_rng(0)


def picture(place: Path, array: np.ndarray) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array.astype(np.uint8)).save(place)


def folder(root: Path, words: dict[str, str], count: int = 10, side: int = 40) -> Path:
    """One folder a word: noise, discs as masks, or masks of two levels and of three as resizing leaves them."""
    rows, columns = np.mgrid[:side, :side]
    for word, kind in words.items():
        for k in range(count):
            far = np.hypot(rows - side / 2, columns - side / 2) - side / 4 - k / 5
            made = {
                "grey": DRAWS.integers(0, 256, (side, side)),
                "tripled": DRAWS.integers(0, 256, (side, side, 1)).repeat(3, 2),
                "colour": DRAWS.integers(0, 256, (side, side, 3)),
                "mask": 255 * (far < 0),
                "lossy": 255 * np.clip(0.5 - far / 1.5, 0, 1),
                "levels": 128 * np.clip(0.5 - far / 1.5, 0, 1) + 127 * np.clip(0.5 - (far + side / 8) / 1.5, 0, 1),
            }[kind]
            picture(root / word / f"{k:03d}.png", made)
    return root


def recipe_text(tmp_path: Path) -> str:
    return (tmp_path / "planned.yaml").read_text()


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
    assert recipe.labels().names == ("masks",) and recipe.labels().threshold is None and not choice.remarks
    assert recipe.game.arguments["segmenter"].tag == "SegmentationUNet", "transposed convolutions stipple"
    choice, recipe = planned(place, tmp_path, task="mask-to-image")
    assert (choice.source.name, choice.target.name) == ("masks", "images")
    assert recipe.game.arguments["generator"].tag == "SPADEGenerator"


def test_masks_of_two_levels_with_values_between_are_cut_where_the_recipe_says(tmp_path, capsys):
    """The rule is written, its reason beside it, and told; without it the same data are refused."""
    place = folder(tmp_path / "d", {"images": "grey", "masks": "lossy"})
    choice, recipe = planned(place, tmp_path)
    assert recipe.labels() == Labels((255,), ("masks",), threshold=127)
    assert "cuts it at 127" in choice.remarks[0] and "what lies above 127 is the label" in recipe_text(tmp_path)
    back, recipe = planned(place, tmp_path, task="mask-to-image")
    assert recipe.intensities()["source"].threshold == 127 and back.remarks
    (tmp_path / "plain.yaml").write_text(recipe_text(tmp_path).replace(", threshold: 127", ""))
    said = refused(capsys, "train", tmp_path / "plain.yaml", "--data", place, "--out", tmp_path / "r", "--quiet")
    assert "no label map" in said


def test_masks_of_more_levels_with_values_between_are_refused(tmp_path):
    place = folder(tmp_path / "d", {"images": "grey", "masks": "levels"}, side=160)
    with pytest.raises(UserError, match="values between their labels.*more than two levels") as caught:
        planned(place, tmp_path)
    assert "without compression" in caught.value.remedy


def test_a_mask_that_no_name_tells_can_be_named(tmp_path):
    place = folder(tmp_path / "d", {"films": "grey", "things": "lossy"})
    assert planned(place, tmp_path)[0].task == "translate"
    choice, recipe = planned(place, tmp_path, task="segment", source="films", target="things")
    assert choice.target.name == "things" and recipe.labels().threshold == 127
    with pytest.raises(UserError, match="'films' is no label map"):
        planned(place, tmp_path, task="segment", source="things", target="films")


def test_objects_larger_than_half_a_patch_are_looked_at_whole(tmp_path):
    """In the same images, discs of 160 pixels are seen whole, small ones and thin rings in patches."""
    place = folder(tmp_path / "d", {"images": "grey", "masks": "mask"}, side=320)
    choice, recipe = planned(place, tmp_path)
    assert choice.whole and recipe.grid() == Resized((176, 176), ("mask",)) and choice.batch == 2
    assert recipe.training().patch == (176, 176) and choice.target.extent == 161
    assert "an object is 161 pixels long" in recipe_text(tmp_path)
    rows, columns = np.mgrid[:320, :320] % 40 - 20
    small, thin = np.hypot(rows, columns) < 8, np.zeros((320, 320), bool)
    thin[10:310, 10:310] = True
    thin[13:307, 13:307] = False
    for mask, extent in ((small, 15), (thin, 300)):
        for path in (place / "masks").iterdir():
            picture(path, 255 * mask)
        choice, recipe = planned(place, tmp_path)
        assert choice.target.extent == pytest.approx(extent, abs=1)
        assert not choice.whole and recipe.grid() is None and choice.patch == (128, 128)


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


def test_what_is_drawn_is_whole_and_may_become_lighter(tmp_path):
    """A side of 28 becomes 32 rather than 16, one of 27 does not; then narrower, smaller, no more."""
    for side, patch in ((28, 32), (27, 16), (64, 64), (120, 64)):
        choice, _ = planned(folder(tmp_path / str(side), {"a": "grey"}, side=side), tmp_path, task="synthesise")
        assert choice.patch == (patch, patch)
    steps = [choice]
    while (less := lighter(steps[-1])) is not None:
        steps.append(less)
    assert [(step.width, step.patch[0]) for step in steps] == [(24, 64), (12, 64), (12, 32)]


def test_the_command_tries_its_recipe_and_the_recipe_trains(tmp_path, capsys):
    """The whole way: plan, then train what it wrote."""
    place, recipe = folder(tmp_path / "d", {"t1": "grey", "t2": "grey"}), tmp_path / "mine.yaml"
    assert call("plan", place, "-o", recipe, "--minutes", "1", "--json", "--quiet") == 0
    found = json.loads(told(capsys))
    assert found["task"] == "translate" and found["plays"] >= 500
    assert "exists" in refused(capsys, "plan", place, "-o", recipe)
    asked = ("--plays", "2", "--set", "game.generator.width=4", "--quiet")
    assert call("train", recipe, "--data", place, "--out", tmp_path / "run", *asked) == 0


def test_grey_stored_as_colour_is_learned_as_one_channel(tmp_path, capsys):
    """Planned so; the run reads such files, coloured ones by their luma; without it, the training says what to do."""
    place, recipe = folder(tmp_path / "d", {"film": "tripled", "soft": "tripled"}), tmp_path / "mine.yaml"
    assert call("plan", place, "-o", recipe, "--minutes", "1", "--quiet") == 0
    assert read_recipe(str(recipe)).bind == {"source": "film/grey", "target": "soft/grey"}
    asked = ("--plays", "2", "--set", "game.generator.width=4")
    assert call("train", recipe, "--data", place, "--out", tmp_path / "run", *asked, "--quiet") == 0
    assert call("evaluate", tmp_path / "run", "--data", place, "--quiet") == 0
    assert call("apply", tmp_path / "run", "-i", place, "-o", tmp_path / "made", "--quiet") == 0
    assert {read_image(path).array.shape[0] for path in (tmp_path / "made").rglob("*.png")} == {1}
    film = read_image(place / "film" / "000.png").array
    picture(tmp_path / "red.png", np.moveaxis(film * np.array([1, 0, 0])[:, None, None], 0, -1))
    picture(tmp_path / "luma.png", np.rint(0.299 * film[0]))
    for name in ("red", "luma"):
        path = tmp_path / f"{name}.png"
        assert call("apply", tmp_path / "run", "-i", path, "-o", tmp_path / f"of_{name}.png", "--quiet") == 0
    one, other = (read_image(tmp_path / f"of_{name}.png").array for name in ("red", "luma"))
    assert np.abs(one - other).mean() < 2, "rounded to 8 bits before, or not"
    three = ("--set", "bind.source=film", "--set", "bind.target=soft", "--set", "train.plays=2")
    assert call("train", recipe, "--data", place, "--out", tmp_path / "three", *asked, *three) == 0
    assert "--set bind.source=film/grey learns one" in " ".join(told(capsys).split())


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
        ("cxr_jsrt", "segment", "images", "masks"),
    ],
)
def test_real_folders(real, tmp_path, name, task, first, last):
    """What is chosen for folders of many kinds, and that the recipe reads."""
    choice, recipe = planned(real(name), tmp_path)
    assert choice.whole == (name in ("us_fetal_head", "cxr_jsrt")), "heads and lungs fill their images"
    found = choice.task, choice.source.name if choice.source else None
    assert found == (task, first) and (last == name or choice.target.name == last)
    assert recipe.training().plays > 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cxr_dicom", "too few"),
        ("ct_abdomen_organs", "mixes images and label maps"),
        ("pet_dicom_slices", "mixes 2 series"),
    ],
)
def test_real_folders_that_are_refused(real, tmp_path, name, said):
    """Each with its reason."""
    with pytest.raises(UserError, match=said):
        planned(real(name), tmp_path)


def test_eight_bits_that_a_header_scales_are_no_picture(tmp_path):
    """A uint8 NIfTI of 0 to 0.9 must not be put into a window of 0 to 255."""

    for word in ("T1", "PET"):
        (tmp_path / "d" / word).mkdir(parents=True)
        image = nibabel.Nifti1Image(DRAWS.integers(0, 256, (32, 32, 32)).astype(np.uint8), np.eye(4))
        image.header.set_slope_inter(1 / 256, 0)
        nibabel.save(image, tmp_path / "d" / word / "p1.nii")
    choice, recipe = planned(tmp_path / "d", tmp_path)
    assert (choice.task, choice.target.kind) == ("translate", "grey") and choice.target.most < 1
    assert recipe.evaluation().range == (-1, 1), "a score over 0 to 255 would say nothing about values below 1"


def test_thin_parts_of_a_map_are_not_made_small(tmp_path):
    """Discs survive a small grid; vessels of two pixels in a large image would vanish, so patches are cut."""
    discs = folder(tmp_path / "d", {"images": "grey", "masks": "mask"}, side=160)
    choice, recipe = planned(discs, tmp_path, task="mask-to-image")
    assert choice.whole and recipe.grid().size == choice.patch == (64, 64)
    for k in range(10):
        thin = np.zeros((160, 160))
        thin[10 + k :: 20, :] = thin[11 + k :: 20, :] = 255
        picture(discs / "masks" / f"{k:03d}.png", thin)
    choice, recipe = planned(discs, tmp_path, task="mask-to-image")
    assert not choice.whole and recipe.grid() is None and choice.patch == (128, 128)
    assert 1.5 < choice.source.thickness < 2.5


def test_a_small_grid_keeps_the_proportion_of_the_sides(tmp_path):
    place = folder(tmp_path / "d", {"images": "grey", "masks": "mask"}, side=96)
    for word in ("images", "masks"):
        for path in (place / word).iterdir():
            picture(path, np.asarray(Image.open(path))[16:80])
    choice, recipe = planned(place, tmp_path, task="mask-to-image")
    assert recipe.grid().size == choice.patch == (48, 64)


def test_a_slab_that_is_thin_in_another_axis_than_the_slices_is_worked_on_in_3d(tmp_path):

    for word in ("t1", "fa"):
        image = nibabel.Nifti1Image(DRAWS.normal(100, 20, (40, 18, 40)).astype(np.float32), np.eye(4))
        (tmp_path / "d").mkdir(exist_ok=True)
        nibabel.save(image, tmp_path / "d" / f"P012_{word}.nii.gz")
    found = recognise(tmp_path / "d")
    assert set(found.words) == {"t1", "fa"} and {s.subject for w in found.words.values() for s in w.values()} == {"one"}
    choice, _ = planned(tmp_path / "d", tmp_path)
    assert choice.dims == 3 and choice.patch == (32, 16, 32)


@pytest.mark.parametrize("names", [("P012_t1", "P013_t1"), ("P012_a", "P012_b"), ("scan_anna", "scan_bert")])
def test_files_of_different_subjects_stay_loose(tmp_path, names):

    for name in names:
        nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.float32), np.eye(4)), tmp_path / f"{name}.nii")
    assert set(recognise(tmp_path).words) == {"image"}


def test_too_few_of_either_kind_is_said(tmp_path):
    folder(tmp_path / "d", {"a": "grey"}, count=3)
    for k in range(12):
        picture(tmp_path / "d" / "b" / f"other{k}x{k}.png", DRAWS.integers(0, 256, (48, 40)))
    with pytest.raises(UserError, match="3 images of 'a'"):
        planned(tmp_path / "d", tmp_path)


def test_images_that_were_not_looked_at_are_counted(tmp_path):
    facts = fingerprint(recognise(folder(tmp_path / "d", {"images": "grey"}) / "images"), looked_at=6)
    assert facts.words[0].looked_at == 10, "small files are all looked at"
    assert replace(facts.words[0], looked_at=6).said().endswith("(looked at 6)")


def test_ct_in_nifti_is_known_by_its_air(tmp_path):
    """NIfTI names no unit; percentiles of each image would give one tissue another value in every patient."""
    for word, low in (("ct", -1000.0), ("mr", 0.0)):
        (tmp_path / word).mkdir()
        body = np.full((32, 32, 32), low, np.float32)
        body[8:24, 8:24, 8:24] = DRAWS.normal(40, 20, (16, 16, 16))
        nibabel.save(nibabel.Nifti1Image(body, np.eye(4)), tmp_path / word / "p1.nii.gz")
    choice, recipe = planned(tmp_path, tmp_path)
    assert (choice.source.name, choice.source.kind, choice.target.kind) == ("mr", "grey", "ct")
    assert recipe.intensities()["target"].low == -1000
    assert "taken as HU" in draft(choice, fingerprint(recognise(tmp_path)))
