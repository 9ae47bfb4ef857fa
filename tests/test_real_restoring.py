"""Works of Table 1 on real images that simulate what is measured: small forms of benchmarks/real_reconstruction.py."""

import json

import nibabel
import numpy as np
import pytest
from benchmarks.real_reconstruction import BLOCKS, DEEP, HERE, cut

from adversaria.data.read import read_image
from shell import call

TINY = {
    "undersampling": [f"game.generator.networks.{n}.width=4" for n in range(3)],
    "resolution": ["game.generator.width=4", "game.generator.blocks=1"],
    "eyes": ["game.generator.width=4", "game.generator.blocks=1", "game.pretraining=1"],
    "views": [f"game.generator.networks.{n}.layers=2" for n in range(2)],
    "streaks": ["game.generator.depth=3", "game.generator.width=4"],
}


def trained(name, data, run):
    """Two plays of a recipe as it stands in the benchmark, its networks made smaller."""
    sets = [word for change in TINY[name] for word in ("--set", change)]
    words = ("--data", data, "--out", run, "--plays", 2, "--assume-independent", "--quiet")
    assert call("train", HERE / f"real-{name}.yaml", *words, *sets) == 0


def scored(run, data, capsys, *more):
    capsys.readouterr()
    assert call("evaluate", run, "--data", data, "--assume-independent", "--json", "--quiet", *more) == 0
    cells = json.loads(capsys.readouterr().out)
    return {(cell["method"], cell["measure"]): cell["summary"]["mean"] for cell in cells}


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    """The patient with lesions in blocks, three slices of each kept, or none where there is no such data."""
    from conftest import real_folder

    folder = real_folder()
    place = tmp_path_factory.mktemp("patient")
    return cut(folder / "mr_ms_lesion", place) if folder is not None and (folder / "mr_ms_lesion").exists() else None


def test_the_blocks_of_a_patient_lie_apart_and_the_test_holds_lesions(real, blocks):
    real("mr_ms_lesion")
    starts = sorted((start, part) for part, found in BLOCKS.items() for start in found)
    for (one, part), (other, next_part) in zip(starts[:-1], starts[1:], strict=True):
        assert other - (one + DEEP) >= (0 if part == next_part else 2)
    lesions = {part: nibabel.load(blocks / f"LESIONS-{start}.nii.gz").get_fdata() for start, part in starts}
    assert lesions["test"].sum() > 300


def test_a_patient_is_undersampled_and_enlarged_and_its_lesions_are_looked_at(real, blocks, tmp_path, capsys):
    real("mr_ms_lesion")
    for name in ("undersampling", "resolution"):
        run = tmp_path / name
        trained(name, blocks, run)
        found = scored(run, blocks, capsys)
        lost = found["input", "lesion_contrast_recovery"]
        assert 0 < lost < 0.9, "a quarter of the lines, or of the voxels a side, costs contrast"
        assert np.isfinite(list(found.values())).all()
    image, low = (nibabel.load(blocks / "FLAIR-86.nii.gz").get_fdata(), tmp_path / "low.nii.gz")
    nibabel.save(nibabel.Nifti1Image(image[::4, ::4, ::4].astype(np.float32), np.diag([4, 4, 4, 1.0])), low)
    assert call("apply", tmp_path / "resolution", "-i", low, "-o", tmp_path / "high.nii.gz", "--quiet") == 0
    high = nibabel.load(tmp_path / "high.nii.gz")
    assert high.shape == image.shape and np.allclose(high.header.get_zooms(), 1)


def test_eyes_are_enlarged_with_their_vessels_as_witness(real, tmp_path, capsys):
    folder, run = real("fundus_drive"), tmp_path / "run"
    trained("eyes", folder, run)
    found = scored(run, folder, capsys, "--classical")
    assert 30 < found["bicubic", "psnr"] < 40 and 0.3 < found["bicubic", "lesion_contrast_recovery"] < 0.9
    assert found["bicubic", "psnr"] > found["input", "psnr"]


def test_an_abdomen_in_nifti_is_taken_as_hu_where_its_sinogram_is_measured(real, tmp_path, capsys):
    scan, run = real("ct_abdomen_organs") / "example_ct.nii.gz", tmp_path / "run"
    trained("views", scan, run)
    found = scored(run, scan, capsys)
    assert 20 < found["input", "psnr"] < 26


def test_an_oblong_abdomen_is_seen_from_thirty_views(real, tmp_path, capsys):
    scan, run = real("ct_abdomen_organs") / "example_ct.nii.gz", tmp_path / "run"
    trained("streaks", scan, run)
    found = scored(run, scan, capsys)
    assert 12 < found["input", "psnr"] < 25
    assert call("apply", run, "-i", scan, "-o", tmp_path / "out.nii.gz", "--quiet") == 0
    assert read_image(tmp_path / "out.nii.gz").array.shape == read_image(scan).array.shape
