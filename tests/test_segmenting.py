"""Segmentation from files to files: label maps that are refused, that are written, and how runs are scored."""

import csv
import json

import nibabel
import numpy as np
import pytest
from PIL import Image as Picture

import images
from adversaria.data.image import Image
from adversaria.data.labels import Labels, label_map, refuse_absent
from adversaria.data.read import read_image
from adversaria.recipes import read_recipe
from adversaria.run import Run, read_json
from adversaria.vocabulary import UserError
from shell import call, refused

RECIPE = """
phantom: !Brain {size: 32, prevalence: 0.0}
bind: {source: image, mask: mask}
intensity:
  source: !Percentile {}
  mask: !Labels {values: [2, 7], names: [ring, block]}
game: !AdversarialSegmentation
  classes: 3
  segmenter: !SegmentationUNet {depth: 2, width: 8, norm: instance}
  discriminator: !PatchGAN {layers: 1, width: 4, norm: instance}
train: {plays: 120, batch: 4, patch: [24, 24], optimisers: {segmenter: {lr: 5e-3}}}
"""


def scene(subject: int) -> tuple[np.ndarray, np.ndarray]:
    """A volume with a bright block in a ring, and its labels: 0, 2 for the ring, 7 for the block."""
    random = np.random.default_rng(subject)
    labels = np.zeros((32, 28, 4), np.int16)
    r, c = random.integers(4, 10, 2)
    labels[r : r + 16, c : c + 14] = 2
    labels[r + 4 : r + 11, c + 4 : c + 10] = 7
    image = np.select([labels == 2, labels == 7], [1.0, 2.0], 0.0) + 0.2 * random.standard_normal(labels.shape)
    return image.astype(np.float32), labels


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten subjects as NIfTI, image and mask."""
    folder = tmp_path_factory.mktemp("scenes")
    for name in ("image", "mask"):
        (folder / name).mkdir()
    for subject in range(10):
        image, labels = scene(subject)
        images.nifti(folder / "image" / f"s{subject}.nii.gz", image)
        images.nifti(folder / "mask" / f"s{subject}.nii.gz", labels)
    return folder


@pytest.fixture(scope="module")
def segmenter(data, tmp_path_factory):
    """A run that has learned the scenes."""
    place = tmp_path_factory.mktemp("recipe") / "scenes.yaml"
    place.write_text(RECIPE)
    out = tmp_path_factory.mktemp("run") / "run"
    words = ("train", place, "--data", data, "--out", out, "--assume-independent", "--save-every", "60", "--quiet")
    assert call(*words) == 0
    return out


def test_labels_go_to_classes_and_back():
    rule = Labels((1, 2, 4), ("core", "oedema"), (1, 2, 2))
    array = np.array([[[0, 1], [2, 4]]], np.float32)
    scale = rule.fit(array)
    assert scale.forward(array).tolist() == [[[0, 1], [2, 2]]]
    assert scale.inverse(scale.forward(array)).tolist() == [[[0, 1], [2, 2]]]
    assert rule.classes == 3 and rule.named() == {1: "core", 2: "oedema"}
    assert rule.values_named() == {1: "core", 2: "oedema"}
    assert Labels((5,), rest=True).fit(array).forward(array).max() == 0


@pytest.mark.parametrize(
    ("values", "said", "remedy"),
    [
        ([0, 1, 3], "holds 3;", "intensity.mask.values=[1, 3]"),
        ([0, 1, 254.5], "no label map", "JPEG"),
        (list(range(0, 256, 9)), "no label map", "mask.threshold"),
    ],
)
def test_unknown_and_lossy_labels_are_refused(values, said, remedy):
    with pytest.raises(UserError) as caught:
        Labels((1, 2)).fit(np.array([[values]], np.float32))
    assert said in caught.value.message and remedy in caught.value.remedy


def test_a_lossy_mask_of_one_class_can_be_cut():
    array = np.array([[[0.0, 3.0], [120.0, 254.5]]], np.float32)
    scale = Labels((255,), ("lung",), threshold=127).fit(array)
    assert scale.forward(array).tolist() == [[[0, 0], [0, 1]]]
    assert scale.inverse(scale.forward(array)).tolist() == [[[0, 0], [0, 255]]]
    with pytest.raises(UserError, match="one class"):
        Labels((1, 2), threshold=1).fit(array)


def test_labels_that_contradict_themselves_are_refused():
    for rule in (Labels((1, 1)), Labels((0, 1)), Labels((1, 2), into=(1,))):
        with pytest.raises(UserError, match="do not go with"):
            rule.fit(np.zeros((1, 2, 2), np.float32))


def test_a_class_that_no_training_case_shows_is_refused():
    rule = Labels((1, 2), ("liver", "spleen"))
    refuse_absent(rule, {"c1": np.array([0.0, 1.0]), "c2": np.array([2.0])})
    with pytest.raises(UserError, match="'spleen' does not occur in any of the 2"):
        refuse_absent(rule, {"c1": np.array([0.0, 1.0]), "c2": np.array([0.0])})


def test_masks_in_grey_colour_and_with_a_palette_are_read(tmp_path):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
    grey = np.stack([values] * 3, -1) * 100
    Picture.fromarray(grey).save(tmp_path / "grey.png")
    indexed = Picture.fromarray(values)
    indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    indexed.save(tmp_path / "indexed.png")
    Picture.fromarray(np.stack([values * 9, values, values], -1)).save(tmp_path / "colour.png")
    assert np.array_equal(label_map(read_image(tmp_path / "grey.png")).array[0], values * 100)
    assert np.array_equal(label_map(read_image(tmp_path / "indexed.png")).array[0], values)
    with pytest.raises(UserError, match="in colour"):
        label_map(read_image(tmp_path / "colour.png"))


def test_a_game_that_knows_other_classes_is_refused(tmp_path, capsys):
    place = tmp_path / "wrong.yaml"
    place.write_text(RECIPE.replace("classes: 3", "classes: 4"))
    said = refused(capsys, "train", place, "--out", tmp_path / "r")
    assert "the game knows 4 classes, and the label map has 3" in said


def test_training_names_a_mask_that_does_not_fit(data, tmp_path, capsys):
    place = tmp_path / "few.yaml"
    place.write_text(RECIPE.replace("[2, 7]", "[2, 5]"))
    said = refused(capsys, "train", place, "--data", data, "--out", tmp_path / "r", "--assume-independent", "--quiet")
    assert "mask/s" in said and "holds 7" in said and "intensity.mask.values" in said
    place.write_text(RECIPE.replace("[2, 7]", "[2, 7, 9]").replace("block]", "block, none]").replace("s: 3", "s: 4"))
    said = refused(capsys, "train", place, "--data", data, "--out", tmp_path / "q", "--assume-independent", "--quiet")
    assert "'none' does not occur" in said


def test_training_is_validated_by_dice(segmenter):
    rows = list(csv.DictReader(Run(segmenter).validation.read_text().splitlines()))
    assert {row["measure"] for row in rows} == {"dice"} and float(rows[-1]["value"]) > 0.7
    assert read_json(Run(segmenter).data)["labels"] == {"2": "ring", "7": "block"}


def test_apply_writes_labels_in_place_with_their_names_and_a_confidence(segmenter, data, tmp_path):
    source, out = data / "image" / "s3.nii.gz", tmp_path / "found.nii.gz"
    assert call("apply", segmenter, "-i", source, "-o", out, "--quiet") == 0
    made, sure = nibabel.load(out), nibabel.load(tmp_path / "found-confidence.nii.gz")
    assert np.array_equal(made.affine, nibabel.load(source).affine) and made.get_data_dtype() == np.uint8
    found, truth = np.asarray(made.dataobj), scene(3)[1]
    assert found.shape == truth.shape and set(np.unique(found)) <= {0, 2, 7}
    assert 2 * ((found == 7) & (truth == 7)).sum() / ((found == 7).sum() + (truth == 7).sum()) > 0.8
    said = json.loads(made.header.extensions[0].get_content().decode())
    assert said["labels"] == {"2": "ring", "7": "block"} and said["kind"] == "derived"
    assert sure.get_fdata().min() >= 1 / 3 and sure.get_fdata().max() <= 1
    again = tmp_path / "again.nii.gz"
    assert call("apply", segmenter, "-i", source, "-o", again, "--quiet") == 0
    assert again.read_bytes() == out.read_bytes()


def test_apply_writes_an_indexed_picture_that_reads_back(segmenter, tmp_path):
    image, truth = scene(4)
    grey = ((image[..., 0] + 1) * 60).clip(0, 255).astype(np.uint8)
    Picture.fromarray(grey).save(tmp_path / "in.png")
    assert call("apply", segmenter, "-i", tmp_path / "in.png", "-o", tmp_path / "out.png", "--quiet") == 0
    with Picture.open(tmp_path / "out.png") as picture:
        assert picture.mode == "P" and json.loads(picture.info["adversaria"])["labels"] == {"2": "ring", "7": "block"}
        stored = np.asarray(picture)
    assert np.array_equal(label_map(read_image(tmp_path / "out.png")).array[0], stored)
    assert (stored[truth[..., 0] == 7] == 7).mean() > 0.7 and (tmp_path / "out-confidence.png").is_file()


def test_apply_writes_a_dicom_segmentation_of_the_series(segmenter, tmp_path, capsys):
    pytest.importorskip("highdicom")
    import highdicom

    for number in range(3):
        plane = (1000 * scene(5)[0][..., number]).astype(np.int16)
        images.dicom(tmp_path / "in" / f"{number}.dcm", plane, place=2.0 * number, number=number + 1)
    assert call("apply", segmenter, "-i", tmp_path / "in", "-o", tmp_path / "out", "--quiet") == 0
    made = highdicom.seg.segread(tmp_path / "out.dcm")
    assert [s.SegmentLabel for s in made.SegmentSequence] == ["ring", "block"]
    planes = made.get_volume(combine_segments=True).array
    truth = scene(5)[1]
    assert planes.shape == (3, 32, 28) and (planes[0][truth[..., 0] == 7] == 2).mean() > 0.7
    assert (tmp_path / "out-confidence.nii.gz").is_file()
    # without the extra the remedy is told
    import builtins

    kept = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "highdicom":
            raise ImportError(name)
        return kept(name, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "__import__", without)
        said = refused(capsys, "apply", segmenter, "-i", tmp_path / "in", "-o", tmp_path / "no", "--quiet")
    assert "adversaria[seg]" in said and not (tmp_path / "no.dcm").exists()


def test_evaluate_scores_each_class_and_subject_and_the_report_shows_outlines(segmenter, data, capsys):
    capsys.readouterr()
    assert call("evaluate", segmenter, "--data", data, "--assume-independent", "--json", "--quiet") == 0
    cells = {cell["measure"]: cell for cell in json.loads(capsys.readouterr().out)}
    assert set(cells) == {f"{m}{c}" for m in ("dice", "assd") for c in ("", " (ring)", " (block)")}
    assert cells["dice (block)"]["summary"]["mean"] > 0.8 and cells["assd"]["unit"] == "mm"
    rows = list(csv.DictReader(Run(segmenter).scores.read_text().splitlines()))
    assert {row["region"] for row in rows} == {"whole", "ring", "block"}
    whole = [float(r["value"]) for r in rows if r["measure"] == "dice"]
    parts = [float(r["value"]) for r in rows if r["measure"] in ("dice (ring)", "dice (block)")]
    assert np.mean(whole) == pytest.approx(np.mean(parts))
    page = Run(segmenter).report.read_text(encoding="utf-8")
    assert "Outlines" in page and "ring orange, block sky blue" in page


def test_absent_classes_are_left_out_and_missed_ones_have_no_distance():
    from adversaria.commands.segmenting import values_of
    from adversaria.metrics import ASSD, DICE

    wanted = np.zeros((1, 6, 6), np.int16)
    wanted[:, 1:3, 1:3] = 1
    unmeasured: dict[str, str] = {}
    names = {1: "seen", 2: "invented", 3: "absent"}
    found = wanted.copy()
    found[:, 5, 5] = 2
    made = {(m.name, region): v for m, region, v in values_of([DICE, ASSD], found, wanted, names, (1, 1), unmeasured)}
    assert made == {
        ("dice", "seen"): 1.0, ("dice", "invented"): 0.0, ("dice", "whole"): 0.5, ("assd", "seen"): 0.0,
        ("assd", "whole"): 0.0,
    }  # fmt: skip
    assert "alone" in unmeasured["assd"]


def test_the_truth_may_lie_in_the_other_domain():
    from adversaria.commands.segmenting import truth_of, word_of

    adapted = read_recipe("dou-2018-ct")
    assert word_of(adapted) == "unlabelled" and truth_of(adapted) == "ct.mask"
    plain = read_recipe("izadi-2018")
    assert word_of(plain) == "source" and truth_of(plain) == "lesion"


def test_a_strip_takes_cases_of_different_sizes_and_shows_small_ones_in_blocks(tmp_path):
    from adversaria.tasks.pictures import strip

    rows = [[np.zeros(size, np.float32)] * 2 for size in ((8, 6), (5, 9))]
    strip(rows, 0.0, 1.0, tmp_path / "strip.png", "a test")
    with Picture.open(tmp_path / "strip.png") as picture:
        assert picture.size == (2 * (14 * 9 + 2) - 2, 14 * 8 + 2 + 14 * 5), "9 pixels to at most 128: blocks of 14"
    strip([[np.eye(200, dtype=np.float32)]], 0.0, 1.0, tmp_path / "strip.png", "a test")
    with Picture.open(tmp_path / "strip.png") as picture:
        assert picture.size == (200, 200)


def test_only_games_that_segment_are_scored_as_segmenters():
    """A translator that is trained with label maps still translates."""
    from adversaria import games

    assert read_recipe("dai-2017b").labels().classes == 4
    place = {name for name in games.__all__ if getattr(getattr(games, name), "segments", False)}
    assert {"AdversarialSegmentation", "SegAN", "DomainAdversarial", "ButterflyGAN"} <= place
    assert not {"Pix2Pix", "CycleGAN", "SemiSupervisedSegmentation"} & place
    assert read_recipe("huo-2017").labels() is None


def test_outlines_are_drawn_in_the_colours_of_the_classes():
    from adversaria.tasks.pictures import colour_of, contoured

    labels = np.zeros((7, 7), np.int16)
    labels[1:6, 1:6] = 2
    drawn = contoured(np.zeros((7, 7), np.float32), labels)
    assert np.allclose(drawn[1, 1], colour_of(2)[1]) and not drawn[3, 3].any() and not drawn[0, 0].any()
    assert isinstance(label_map(Image(np.zeros((1, 2, 2), np.float32))), Image)
