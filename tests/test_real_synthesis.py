"""Synthesis from real folders through the typed functions: unconditional, by class, few labels, 3D, colour, masks."""

import csv
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image as Picture

import adversaria
from adversaria.data.folders import recognise
from adversaria.data.read import read_image
from adversaria.data.split import by_subject
from adversaria.run import read_json
from adversaria.vocabulary import UserError

TINY = ["train.batch=4", "game.generator.width=4", "game.discriminator.width=4"]
WHOLE = "base: {}\ngrid: !Resized {{size: [64, 64]}}\n"


def trained(recipe: str, at: Path, data: Path, *changes: str) -> Path:
    """Train two plays of a recipe written down beside the run."""
    (at / "recipe.yaml").write_text(recipe)
    adversaria.train(
        str(at / "recipe.yaml"), data=data, out=at / "run", plays=2, set=[*TINY, *changes], save_every=2, quiet=True
    )
    return at / "run"


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Picture.open(path))


def test_chest_films_are_learned_whole(real, tmp_path):
    folder = real("cxr_jsrt")
    assert recognise(folder).describe() == "one folder a word: images (78), masks (78)"
    run = trained(WHOLE.format("gan"), tmp_path, folder, "bind.image=images/grey")
    facts = read_json(run / "data.json")
    assert facts["split"]["rule"].startswith("by file: 50 train, 12 validation, 16 test")
    assert any("files may share subjects" in text for text in facts["warnings"])
    film = read_image(folder / "images" / "JPCLN001.png").array
    (kept, *_) = [np.load(path) for path in sorted(run.rglob("cache/*/image.npy"))]
    assert film.shape == (3, 224, 224) and not np.ptp(film, axis=0).any() and kept.shape == (1, 64, 64)
    made = adversaria.sample(run, count=2, output=tmp_path / "made")
    assert [pixels(path).shape for path in made] == [(64, 64)] * 2
    with pytest.raises(UserError, match="no image of a class"):
        adversaria.sample(run, output=tmp_path / "no", label="nodule")


def with_manifest(folder: Path, to: Path, part_of=None, keep=None) -> Path:
    """Copy the films and list them with their finding; some without it, and with a stated split, if asked."""
    shutil.copytree(folder / "images", to / "images")
    names = sorted(path.stem for path in (to / "images").iterdir())
    with open(to / "manifest.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["case", "image", "label", *(["split"] if part_of else [])])
        for name in names:
            label = "nodule" if name.startswith("JPCLN") else "normal"
            label = label if keep is None or name in keep else ""
            rows.writerow([name, f"images/{name}.png", label, *([part_of[name]] if part_of else [])])
    return to


def test_chest_films_by_finding(real, tmp_path):
    data = with_manifest(real("cxr_jsrt"), tmp_path / "data")
    assert "label: nodule (38), normal (40)" in recognise(data).describe()
    run = trained(WHOLE.format("acgan"), tmp_path, data)
    for label in ("nodule", "normal"):
        (made,) = adversaria.sample(run, count=1, output=tmp_path / label, label=label)
        assert pixels(made).shape == (64, 64, 3)
    assert read_json(run / "data.json")["classes"] == {"label": ["nodule", "normal"]}


def test_chest_films_with_a_tenth_of_the_labels(real, tmp_path):
    folder = real("cxr_jsrt")
    names = sorted(path.stem for path in (folder / "images").iterdir())
    split = by_subject(names, 0)
    part_of = {names[index]: part for part, indices in split.cases.items() for index in indices}
    training = [name for name in names if part_of[name] == "train"]
    few = {n for kind in ("JPCLN", "JPCNN") for n in [m for m in training if m.startswith(kind)][:3]}
    data = with_manifest(folder, tmp_path / "data", part_of, few | (set(names) - set(training)))
    words = ["bind.image=a.image", "bind.unlabelled=b.image"]
    run = trained(WHOLE.format("semi-supervised-gan"), tmp_path, data, *words)
    facts = read_json(run / "data.json")
    assert "6 train, 12 validation, 16 test; by subject: 50 train" in facts["split"]["rule"].replace("file", "subject")
    assert "44 of 78 cases have no label" in facts["warnings"]
    scores = {score.measure: score for score in adversaria.evaluate(run, data=data, quiet=True, json=True)}
    assert 0 <= scores["auc[normal]"].value <= 1 and scores["accuracy"].note == "16 labelled test images"


def test_hippocampus_volumes_of_many_sizes(real, tmp_path):
    folder = real("mr_hippocampus")
    sizes = {nibabel.load(path).shape for path in (folder / "images").iterdir()}
    assert len(sizes) > 10
    grid = "grid: !Centred {size: [16, 16, 16], spacing: [3.2, 3.2, 3.2]}\n"
    words = ["bind.image=images", "train.patch=[16,16,16]", "game.generator.latent=8"]
    run = trained("base: gan\n" + grid, tmp_path, folder, *words)
    (path,) = adversaria.sample(run, count=1, output=tmp_path / "made")
    made = nibabel.load(path)
    assert made.shape == (16, 16, 16) and made.header.get_zooms() == pytest.approx((3.2, 3.2, 3.2), rel=0.05)
    (note,) = [e for e in made.header.extensions if b"adversaria" in e.get_content()]
    assert b'"synthetic"' in note.get_content()


def test_a_volume_smaller_than_the_patch_is_not_padded_unasked(real, tmp_path):
    words = ["bind.image=images", "train.patch=[32,32,32]"]
    with pytest.raises(UserError, match="smaller than the patch"):
        trained("base: gan\n", tmp_path, real("mr_hippocampus"), *words)
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_blood_cells_in_colour(real, tmp_path):
    """Photographs beside a folder of boxes that holds no image; patches are cut, nothing is resized."""
    folder = real("blood_bccd")
    assert recognise(folder).describe() == "loose files: image (80)"
    window = "intensity:\n  image: !Window {low: 0, high: 255}\n"
    run = trained("base: gan\n" + window, tmp_path, folder)
    assert read_json(run / "data.json")["normalisation"]["image"]["high"] == 255
    made = adversaria.sample(run, count=2, output=tmp_path / "made")
    assert [pixels(path).shape for path in made] == [(64, 64, 3)] * 2
    assert pixels(made[0]).dtype == np.uint8


def test_skin_lesions_by_diagnosis(real, tmp_path):
    folder = real("skin_ph2")
    shutil.copytree(folder / "images", tmp_path / "data" / "images")
    with open(folder / "labels.csv", newline="") as file:
        rows = [(row["image_name"], row["diagnosis"]) for row in csv.DictReader(file)]
    lines = ["case,image,diagnosis", *(f"{name},images/{name}.jpg,{said}" for name, said in rows)]
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(lines))
    run = trained(WHOLE.format("cgan"), tmp_path, tmp_path / "data", "bind.label=diagnosis")
    assert read_json(run / "data.json")["classes"]["label"] == ["Atypical Nevus", "Common Nevus", "Melanoma"]
    adversaria.sample(run, count=1, output=tmp_path / "made", label="Melanoma")
    assert pixels(tmp_path / "made" / "sample-00000.png").shape == (64, 64, 3)


def test_nuclei_from_their_masks(real, tmp_path):
    """Colour pictures from one mask an object; what the network is told is 0 or 1."""
    folder = real("nuclei_dsb2018") / "fluorescence"
    assert recognise(folder).describe() == "one folder a case, one mask an object: image (16), mask (16)"
    scales = "intensity:\n  source: !Window {low: 0, high: 1, into: [0, 1]}\n  target: !Window {low: 0, high: 255}\n"
    words = ["bind.source=mask", "bind.target=image", "game.generator.hidden=4"]
    run = trained("base: spade\n" + scales, tmp_path, folder, *words)
    assert set(np.unique(np.load(next(run.rglob("cache/*/source.npy"))))) == {0.0, 1.0}
    with Picture.open(next((run / "samples").glob("*.png"))) as strip:
        assert strip.mode == "RGB"
    scores = adversaria.evaluate(run, data=folder, quiet=True, json=True)
    assert {score.method for score in scores} == {"output"} and np.isfinite([score.value for score in scores]).all()
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 1
    Picture.fromarray(mask).save(tmp_path / "mask.png")
    (made,) = adversaria.sample(run, count=2, output=tmp_path / "made", mask=tmp_path / "mask.png")
    assert pixels(made).shape == (64, 64, 3)
