"""Every measure can be had of two folders: tables, maps, regions, a segmentor, and clear words where one lacks."""

import csv
import json

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

import images
from adversaria.commands.set_scoring import known_measures
from adversaria.metrics import lpips
from adversaria.metrics.facts import NotApplicable
from shell import call, refused

SIDE = 128
SEGMENTS = """
phantom: !Brain {size: 32}
subjects: {train: 3, validation: 1, test: 1}
bind: {source: t1, mask: mask}
intensity: {source: !Percentile {}, mask: !Labels {values: [1, 2, 3, 4, 5, 6, 7], names: [a, b, c, d, e, f, g]}}
game: !AdversarialSegmentation
  classes: 8
  segmenter: !UNet {depth: 3, width: 4, norm: instance, dropout: 0.0, final: identity}
  discriminator: !PatchGAN {width: 4, norm: instance}
train: {plays: 2, batch: 2, patch: [32, 32]}
"""


def save(folder, name, array, **more):
    folder.mkdir(exist_ok=True)
    return images.nifti(folder / f"{name}.nii.gz", np.asarray(array, np.float32), np.diag([1.5, 1.0, 1.0, 1.0]), **more)


def table(path, *rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def scored(path):
    with open(path) as file:
        return {row["measure"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Three pairs of images of 128 pixels with all that belongs to them."""
    root = tmp_path_factory.mktemp("cases")
    random = np.random.default_rng(0)
    i, j = np.mgrid[:SIDE, :SIDE]
    disc = np.hypot(i - 40, j - 40) < 14
    for k in range(3):
        rough = gaussian_filter(random.standard_normal((SIDE, SIDE)), 2)
        clean = 100 + 30 * rough / rough.std() + 120 * disc
        truth = clean + 5 * random.standard_normal(clean.shape)
        save(root / "clean", k, clean)
        save(root / "true", k, truth)
        save(root / "made", k, 0.9 * truth + 5 * random.standard_normal(clean.shape))
        save(root / "mask", k, (i > 70) & (j > 10) & (j < 110))
        save(root / "behind", k, (i < 20))
        save(root / "lesion", k, disc)
        save(root / "labels", k, disc)
        save(root / "flow", k, np.full((SIDE, SIDE, 1, 2), [3.0, 4.0]))
        save(root / "found", k, np.hypot(i - 41, j - 40) < 14)
    return root


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    root = tmp_path_factory.mktemp("segments")
    (root / "small.yaml").write_text(SEGMENTS)
    assert call("train", root / "small.yaml", "--out", root / "run", "--quiet") == 0
    return root / "run"


def test_every_measure_can_be_had_of_folders(place, segments, tmp_path):
    """All but the human observer get a value; label maps, displacements and big sets come in folders of their own."""
    names = set(known_measures()) - {"human_observer"}
    got = {}

    def ask(wanted, *words):
        out = tmp_path / f"{len(got)}.csv"
        assert call("measure", "--metrics", ",".join(sorted(wanted)), *words, "--csv", out, "--quiet") == 0
        got.update({measure.partition("[")[0]: row for measure, row in scored(out).items()})

    maps, flows = {"dice", "jaccard", "hausdorff", "hausdorff95", "assd"}, {"tre", "folded"}
    pair = ("--reference", place / "true", "--output", place / "made", "--range", 0, 400)
    ask(maps, "--reference", place / "labels", "--output", place / "found")
    marks = table(tmp_path / "marks.csv", ("image", "fixed_0", "fixed_1", "moving_0", "moving_1"),
                  *[(f"{k}.nii.gz", 10, 10, 12, 14) for k in range(3)])  # fmt: skip
    ask(flows, "--output", place / "flow", "--landmarks", marks)
    assert float(got["tre"]["value"]) == pytest.approx(0, abs=1e-5)  # 2 voxels of 1.5 mm and 4 of 1 mm
    network = lpips.alexnet()
    torch.manual_seed(1)
    weights = {
        f"features.{at}.{part}": torch.randn_like(own) / own[0].numel() ** 0.5
        for layer, (at, *_) in zip(network.convolutions, network.layers, strict=True)
        for part, own in layer.named_parameters()
    }
    torch.save(weights, tmp_path / "alexnet.pth")
    ask({"lpips"}, *pair, "--features", f"alexnet={tmp_path / 'alexnet.pth'}")
    random = np.random.default_rng(1)
    for folder, count, blur in (("reals", 48, 0), ("drawn", 45, 0.3), ("known", 20, 0), ("poor", 12, 2)):
        for k in range(count):
            array = random.uniform(50, 200, (24, 24))
            save(tmp_path / folder, f"{folder}{k}", gaussian_filter(array, blur) if blur else array)
    sets = {name for name, metric in known_measures().items() if metric.level == "set"}
    ask(sets, "--reference", tmp_path / "reals", "--output", tmp_path / "drawn", "--range", 0, 255,
        "--training", tmp_path / "known", "--degraded", tmp_path / "poor")  # fmt: skip
    at = ("at_0", "at_1")
    ask(
        names - maps - flows - sets - {"lpips"}, *pair,
        "--mask", place / "mask", "--background", place / "behind", "--truth", place / "clean",
        "--flat", place / "mask", "--lesion", place / "lesion", "--labels", place / "labels", "--segmentor", segments,
        "--landmarks", marks, "--number", "suvr", "--uptake", 370e6, 70, 3600, 6586.2, "--line", 40, 5, 40, 100,
        "--seams", 16, 16, "--prescription", 200,
        "--detections", table(tmp_path / "d.csv", ("image", "score", *at), (0, 0.9, 40, 41), (1, 0.8, 90, 90)),
        "--true-lesions", table(tmp_path / "l.csv", ("image", "radius_mm", *at), *[(k, 21, 40, 40) for k in range(3)]),
        "--classes", table(tmp_path / "c.csv", ("image", "class", "score"), (0, 1, 0.8), (1, 0, 0.6), (2, 0, 0.1)),
    )  # fmt: skip
    assert set(got) == names
    values = {name: float(row["value"]) for name, row in got.items()}
    assert all(np.isfinite(value) for value in values.values())
    assert values["auc"] == 1 and values["accuracy"] == pytest.approx(2 / 3)
    assert values["average_precision"] == pytest.approx(1 / 3)
    assert values["landmark_error"] == pytest.approx(5)
    assert values["lesion_contrast_recovery"] == pytest.approx(0.9, abs=0.05)
    assert values["noise_level"] > 20 and values["dose_difference"] > 0
    assert "ICC(3,1)" in got["icc"]["note"] and "limits of agreement" in got["bias"]["note"]
    assert "pairs of references" in got["pair_similarity"]["note"]
    assert got["sis_of_set"]["note"].startswith("3 pairs; mean Dice")
    assert "3 lesions in 3 images" in got["froc_score"]["note"]


WITHOUT = {
    "suv_mean": "--mask DIR", "contrast_to_background": "--mask DIR", "edge_width": "--line ROW COLUMN",
    "seams": "--seams VOXELS", "tre": "--landmarks CSV", "landmark_error": "--landmarks CSV", "auc": "--classes CSV",
    "average_precision": "--detections CSV --true-lesions CSV", "sis": "--labels DIR", "segmented_dice": "--labels DIR",
    "sis_of_set": "--segmentor RUN --labels DIR", "noise_level": "--flat DIR", "nps_distance": "--truth DIR",
    "lesion_contrast_recovery": "--lesion DIR", "icc": "--number agatston", "suvr": "--mask DIR",
    "structure_clustering": "--degraded DIR", "memorisation": "--training DIR",
    "human_observer": "reader studies, which are not available yet",
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT)
def test_what_a_measure_lacks_is_named_with_its_option(name, place, capsys):
    words = ("--reference", place / "true", "--output", place / "made", "--range", 0, 400, "--quiet")
    assert WITHOUT[name] in " ".join(refused(capsys, "measure", *words, "--metrics", name).split())


def test_measures_without_a_reference_do_without(place, tmp_path, capsys):
    words = ("measure", "--output", place / "made", "--range", 0, 400, "--quiet")
    assert call(*words, "--metrics", "gcf,checkerboard,pair_similarity", "--csv", tmp_path / "s.csv") == 0
    assert len(scored(tmp_path / "s.csv")) == 3
    assert "Give --reference DIR" in refused(capsys, *words, "--metrics", "psnr")
    assert "Give --reference DIR" in refused(capsys, *words, "--metrics", "js_divergence")


def test_json_holds_cases_and_sets(place, capsys):
    words = ("--reference", place / "true", "--output", place / "made", "--range", 0, 400, "--quiet", "--json")
    assert call("measure", *words, "--metrics", "mae,pair_similarity") == 0
    found = {row["measure"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["mae"]["summary"]["n"] == 3 and "pairs" in found["pair_similarity"]["note"]


BAD_TABLES = {
    "no file": (None, "no table at"),
    "no column": ([("image", "class"), (0, 1)], "no column 'score'"),
    "no number": ([("image", "class", "score"), (0, 1, "high")], "'score' of '0' is 'high'"),
    "no class": ([("image", "class", "score"), (0, 2, 0.5)], "Write 0 or 1"),
    "no row": ([("image", "class", "score"), (0, 1, 0.5)], "no row for '1'"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_tables_are_named(name, place, tmp_path, capsys):
    rows, said = BAD_TABLES[name]
    path = tmp_path / "c.csv" if rows is None else table(tmp_path / "c.csv", *rows)
    words = ("--output", place / "made", "--quiet", "--metrics", "auc", "--classes", path)
    assert said in refused(capsys, "measure", *words)


def test_places_of_lesions_are_checked(place, tmp_path, capsys):
    lesions = table(tmp_path / "l.csv", ("image", "radius_mm", "at_0", "at_1"), (0, 5, 1, 1))
    for row, said in ((("9", 0.5, 1, 1, ""), "no image is called so"), (("0", 0.5, 1, 1, 1), "on 3 axes")):
        marks = table(tmp_path / "d.csv", ("image", "score", "at_0", "at_1", "at_2"), row)
        words = ("--metrics", "froc_score", "--detections", marks, "--true-lesions", lesions, "--quiet")
        assert said in refused(capsys, "measure", "--output", place / "made", *words)
    png = tmp_path / "png"
    png.mkdir()
    from PIL import Image

    Image.fromarray(np.zeros((8, 8), np.uint8)).save(png / "0.png")
    marks = table(tmp_path / "d.csv", ("image", "score", "at_0", "at_1"), (0, 0.5, 1, 1))
    words = ("--output", png, "--metrics", "froc_score", "--detections", marks, "--true-lesions", lesions, "--quiet")
    assert "--spacing MM MM" in refused(capsys, "measure", *words)
    assert call("measure", *words, "--spacing", 1, 1) == 0


def test_one_measure_that_fails_does_not_lose_the_others(place, tmp_path, capsys):
    words = ("measure", "--reference", place / "true", "--output", place / "made", "--range", 0, 400, "--quiet")
    asked = ("--metrics", "mae,auc,fid,colour_constancy", "--classes", tmp_path / "no.csv", "--features", "vgg")
    said = refused(capsys, *words, *asked, "--mask", place / "mask", "--csv", tmp_path / "s.csv")
    assert set(scored(tmp_path / "s.csv")) == {"mae"} and "auc could not be measured: there is no table" in said
    assert "no feature network 'vgg'" in said
    assert call(*words, "--metrics", "colour_constancy", "--mask", place / "mask") == 0
    save(tmp_path / "odd", "0", np.ones((SIDE, SIDE)))
    save(tmp_path / "odd", "5", np.ones((SIDE, SIDE)))
    said = refused(capsys, *words, "--metrics", "colour_constancy", "--mask", tmp_path / "odd")
    assert "has no region for '1'" in said


def test_label_maps_of_other_bits_are_compared(tmp_path, capsys):
    from PIL import Image

    for name, kind in (("true", np.uint8), ("made", np.uint16)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.eye(12, dtype=kind)).save(tmp_path / name / "a.png")
    words = ("measure", "--reference", tmp_path / "true", "--output", tmp_path / "made", "--quiet", "--metrics")
    assert call(*words, "dice,hausdorff", "--spacing", 1, 1) == 0
    assert "--spacing MM MM" in refused(capsys, *words, "hausdorff")
    assert "different scales" in refused(capsys, *words, "dice,mae")


ODD = {
    "line": (("--line", 1, 2, 3), "a line has 4 or 6 numbers, not 3"),
    "range": (("--range", 5, 5), "is empty"),
    "uptake": (("--uptake", 0, 70, 0, 100), "--uptake cannot be"),
    "number": (("--number", "psnr"), "no number of a single image"),
    "segmentor": (("--segmentor", "."), "not a run folder"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_options_are_refused(name, place, capsys):
    words, said = ODD[name]
    full = ("--reference", place / "true", "--output", place / "made", "--quiet", "--metrics", "mae,icc")
    assert said in refused(capsys, "measure", *full, *words)


def test_lines_and_seams_must_lie_in_the_image(place, capsys):
    words = ("measure", "--reference", place / "true", "--output", place / "made", "--quiet")
    said = refused(capsys, *words, "--metrics", "edge_width", "--line", 1, 1, 1, 5, 5, 5)
    assert "a line of 3 axes does not lie in an image of 2" in " ".join(said.split())
    assert "seams of 1 axes" in " ".join(refused(capsys, *words, "--metrics", "seams", "--seams", 8).split())


def test_a_segmentor_gives_labels_of_planes_volumes_and_refuses_colour(segments):
    from adversaria.commands.segmentor import segmentor_of
    from adversaria.vocabulary import UserError

    segment = segmentor_of(segments)
    image = np.random.default_rng(0).random((1, 32, 32, 3))
    found = segment(image)
    assert found.shape == (1, 32, 32, 3) and set(np.unique(found)) <= set(range(8))
    with pytest.raises(UserError, match="3 channels; this run was trained on 1"):
        segment(np.zeros((3, 32, 32)))


def test_a_run_of_one_channel_gives_rounded_values(run):
    from adversaria.commands.segmentor import segmentor_of

    found = segmentor_of(run)(np.random.default_rng(0).random((1, 32, 32)))
    assert found.shape == (1, 32, 32) and np.array_equal(found, np.rint(found))


def test_evaluate_says_where_measures_of_many_cases_are_taken(run, tmp_path, capsys):
    import shutil

    shutil.copytree(run, tmp_path / "run")
    recipe = tmp_path / "run" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("noise_level", "icc"))
    capsys.readouterr()
    assert call("evaluate", tmp_path / "run", "--quiet") == 0
    assert "not measured: icc: it stands for many cases" in capsys.readouterr().out


def test_measures_are_listed_under_either_name(capsys):
    assert call("list", "measures") == 0
    said = capsys.readouterr().out
    assert "M1 " in said and "not available yet" in said
    assert call("list", "metrics") == 0 and capsys.readouterr().out == said


def test_the_place_of_the_human_observer_is_no_error_of_ours():
    with pytest.raises(NotApplicable):
        known_measures()["human_observer"](output=1, readers=object())
