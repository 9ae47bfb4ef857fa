"""Segmentation of real folders end to end, as a user types it: few cases, few plays, the way from files to files."""

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from adversaria.data.labels import label_map
from adversaria.data.read import read_image
from adversaria.run import Run
from shell import call, refused


def some(folder: Path, target: Path, count: int, words: dict[str, str]) -> Path:
    """Copy the first cases of a data set."""
    for word, pattern in words.items():
        (target / word).mkdir(parents=True)
        for path in sorted((folder / word).glob(pattern))[:count]:
            shutil.copy(path, target / word / path.name)
    return target


def sets(*changes) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def scored(run: Path, data: Path, capsys) -> dict[str, float]:
    capsys.readouterr()
    assert call("evaluate", run, "--data", data, "--assume-independent", "--json", "--quiet") == 0
    return {cell["measure"]: cell["summary"]["mean"] for cell in json.loads(capsys.readouterr().out)}


LUNGS = sets(
    "bind.source=images", "bind.mask=masks", "intensity.mask.values=[255]", "intensity.mask.names=[lungs]",
    "game.classes=2", "train.patch=[112, 112]", "train.batch=2",
)  # fmt: skip


def test_lungs_whose_masks_were_resized_are_refused_until_they_are_cut(real, tmp_path, capsys):
    data = some(real("cxr_jsrt"), tmp_path / "data", 6, {"images": "*.png", "masks": "*.png"})
    words = ("train", "dai-2017b", "--data", data, "--assume-independent", "--plays", "4", *LUNGS)
    said = refused(capsys, *words, "--out", tmp_path / "no")
    assert "masks/JPCLN" in said and "no label map" in said and "intensity.mask.threshold=127" in said
    run = tmp_path / "run"
    assert call(*words, "--set", "intensity.mask.threshold=127", "--out", run, "--quiet") == 0
    assert set(scored(run, data, capsys)) <= {f"{m} (lungs)" for m in ("jaccard", "dice", "assd")}
    film = next((data / "images").iterdir())
    assert call("apply", run, "-i", film, "-o", tmp_path / "lungs.png", "--quiet") == 0
    made = label_map(read_image(tmp_path / "lungs.png")).array
    assert made.shape == (1, 224, 224) and set(np.unique(made)) <= {0, 255}


HIPPOCAMPUS = """
bind: {source: images, mask: labels}
intensity:
  source: !Percentile {}
  mask: !Labels {values: [1, 2], names: [anterior, posterior]}
game: !AdversarialSegmentation
  classes: 3
  segmenter: !SegmentationUNet {depth: 2, width: 4, norm: instance}
  discriminator: !StridedDiscriminator {layers: 2, width: 4}
train: {plays: 3, batch: 2, patch: [24, 32, 24]}
"""


def test_a_hippocampus_is_labelled_in_3d_where_it_lies(real, tmp_path, capsys):
    words = {"images": "*.nii*", "labels": "*.nii*"}
    data = some(real("mr_hippocampus"), tmp_path / "data", 6, words)
    place, run = tmp_path / "hippocampus.yaml", tmp_path / "run"
    place.write_text(HIPPOCAMPUS)
    assert call("train", place, "--data", data, "--assume-independent", "--out", run, "--quiet") == 0
    assert scored(run, data, capsys) and "Outlines" in Run(run).report.read_text(encoding="utf-8")
    volume = next((data / "images").iterdir())
    assert call("apply", run, "-i", volume, "-o", tmp_path / "out.nii.gz", "--quiet") == 0
    source, made = nibabel.load(volume), nibabel.load(tmp_path / "out.nii.gz")
    assert np.array_equal(source.affine, made.affine) and source.shape == made.shape
    assert made.get_data_dtype() == np.uint8 and set(np.unique(made.dataobj)) <= {0, 1, 2}


def test_vessels_are_learned_from_pictures_with_a_palette(real, tmp_path, capsys):
    data = some(real("fundus_drive"), tmp_path / "data", 5, {"images": "*.tif", "vessels": "*.gif"})
    # partners have other names: a manifest says which belong together
    eyes = [f"{k},images/{k}_training.tif,vessels/{k}_manual1.gif" for k in range(21, 26)]
    (data / "manifest.csv").write_text("\n".join(["case,images,vessels", *eyes]) + "\n")
    changes = sets(
        "bind.source=images", "bind.mask=vessels", "intensity.source.high=255", "intensity.mask.values=[255]",
        "train.patch=[64, 64]", "train.batch=2",
    )  # fmt: skip
    words = ("train", "son-2017", "--data", data, "--assume-independent", "--plays", "3", *changes)
    assert call(*words, "--out", tmp_path / "run", "--quiet") == 0
    found = scored(tmp_path / "run", data, capsys)
    assert set(found) == {"dice (vessel)", "jaccard (vessel)"} and found["dice (vessel)"] == pytest.approx(
        2 * found["jaccard (vessel)"] / (1 + found["jaccard (vessel)"]), abs=0.02
    )
