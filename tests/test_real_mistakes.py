"""Real files hurt the way files are hurt: one clear message that names them, exit code 2, nothing half-written."""

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from adversaria.cli import main
from adversaria.commands.train import train

PRE, POST = "26401-T1prereg-52906", "11-T1post-18670"
TINY = ("--set", "train.patch=[32,32]", "--set", "train.batch=1", "--set", "game.generator.width=4", "--plays", "1")


def call(*words) -> int:
    """Run one command as the shell would, and give its exit code."""
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def refused(capsys, *words) -> str:
    """What a command that must fail says: one message, its remedy on the next line, and nothing written."""
    out = Path(words[words.index("--out" if "--out" in words else "-o") + 1])
    capsys.readouterr()
    assert call(*words, "--quiet") == 2
    said = capsys.readouterr().err
    message = said[said.index("error: ") :].strip().splitlines()
    assert "Traceback" not in said and said.count("error: ") == 1 and len(message) == 2, said
    assert all(len(line) < 500 for line in message), said
    assert not out.exists() and not list(out.parent.glob(f".writing*{out.name}*"))
    return said


def pair(folder: Path, to: Path, source: str, target: str) -> Path:
    """A copy of two folders that may be hurt."""
    for name in (source, target):
        shutil.copytree(folder / name, to / name)
    return to


def words(source: str, target: str) -> tuple[str, ...]:
    return ("--set", f"bind.source={source}", "--set", f"bind.target={target}", *TINY)


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return path


def slices(folder: Path) -> list[Path]:
    """The files of a series by position."""
    from adversaria.data.read import read_image

    return list(read_image(folder).source)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run that takes grey images in 2D."""
    return train("pix2pix", out=tmp_path_factory.mktemp("runs") / "grey", set=list(TINY[1:6:2]), plays=1, quiet=True)[
        0
    ].folder


def test_a_truncated_slice_is_named(real, run, tmp_path, capsys):
    data = pair(real("ct_kernel_pair_phantom"), tmp_path / "d", "std", "bone")
    bad = cut(sorted((data / "bone").iterdir())[1], 0.4)
    said = refused(capsys, "train", "pix2pix", "--data", data, "--out", tmp_path / "run", *words("std", "bone"))
    assert str(data / "bone") in said and bad.name in said and "truncated" in said and "of 524288 bytes" in said
    assert bad.name in refused(capsys, "apply", run, "-i", data / "bone", "-o", tmp_path / "out")
    cut(bad, 0.002)
    assert bad.name in refused(capsys, "apply", run, "-i", data / "bone", "-o", tmp_path / "out")


def test_a_truncated_volume_is_named(real, run, tmp_path, capsys):
    shutil.copytree(real("mr_ms_lesion"), tmp_path / "d")
    (bad,) = (tmp_path / "d" / "patient07").glob("T2_*")
    cut(bad, 0.5)
    said = refused(capsys, "train", "pix2pix", "--data", tmp_path / "d", "--out", tmp_path / "run", *TINY)
    assert str(bad) in said and "truncated" in said
    assert str(bad) in refused(capsys, "apply", run, "-i", bad, "-o", tmp_path / "out.nii.gz")


def test_series_in_one_folder_are_told_apart(real, run, tmp_path, capsys):
    folder = real("ct_kernel_pair_phantom")
    for kernel in ("std", "bone"):
        for path in (folder / kernel).iterdir():
            (tmp_path / "d").mkdir(exist_ok=True)
            shutil.copyfile(path, tmp_path / "d" / f"{kernel}-{path.name}")
    said = refused(capsys, "train", "yang-2017b", "--data", tmp_path / "d", "--out", tmp_path / "run")
    assert f"{tmp_path / 'd'} cannot be read" in said and "mixes 2 series" in said and "folder of its own" in said
    assert "mixes 2 series" in refused(capsys, "apply", run, "-i", tmp_path / "d", "-o", tmp_path / "out")
    assert "mixes 2 series" in refused(capsys, "apply", run, "-i", real("pet_dicom_slices"), "-o", tmp_path / "out")


def test_a_wrong_counterpart_is_refused(real, tmp_path, capsys):
    brain = pair(real("mr_brain_tumor_dicom"), tmp_path / "brain", PRE, POST)
    start = ("train", "pix2pix", "--out", tmp_path / "run", "--data")
    shutil.copytree(real("ct_kernel_pair_phantom") / "std", tmp_path / "other" / PRE)
    shutil.copytree(brain / POST, tmp_path / "other" / POST)
    said = refused(capsys, *start, tmp_path / "other", *words("T1pre", "T1post"))
    assert "512x512x3" in said and "320x280x10" in said and str(tmp_path / "other") in said
    slices(brain / PRE)[3].unlink()
    said = refused(capsys, *start, brain, *words("T1pre", "T1post"))
    assert "320x280x9" in said and "320x280x10" in said
    slices(brain / POST)[5].unlink()
    said = refused(capsys, *start, brain, *words("T1pre", "T1post"))
    assert str(brain / PRE) in said and str(brain / POST) in said and "6.5 mm apart" in said
    slices(brain / PRE)[4].unlink(), slices(brain / POST)[3].unlink()
    assert call(*start, brain, *words("T1pre", "T1post"), "--quiet") == 0, "the same slices are missing in both"


def test_a_volume_that_lies_elsewhere_is_no_counterpart(real, tmp_path, capsys):
    shutil.copytree(real("mr_ms_lesion"), tmp_path / "d")
    (path,) = (tmp_path / "d" / "patient07").glob("T2_*")
    volume = nibabel.load(path)
    moved, values = volume.affine.copy(), np.asarray(volume.dataobj)
    moved[1, 3] += 4
    path.unlink()
    nibabel.save(nibabel.Nifti1Image(values, moved), path.with_name("T2_moved.nii"))
    said = refused(capsys, "train", "pix2pix", "--data", tmp_path / "d", "--out", tmp_path / "run", *TINY)
    assert "T2_moved.nii" in said and "4 mm apart" in said and "unpaired" in said


@pytest.mark.parametrize("name", ["rtplan.dcm", "README.txt", "liver_1frame.dcm"])
def test_what_is_no_slice_of_the_series_is_named(real, run, tmp_path, capsys, name):
    folder = tmp_path / "d"
    shutil.copytree(real("mr_brain_tumor_dicom") / PRE, folder)
    shutil.copyfile(real("dicom_oddities") / "pydicom" / name, folder / name)
    said = refused(capsys, "apply", run, "-i", folder, "-o", tmp_path / "out")
    assert str(folder) in said and (name in said or "mixes 2 series" in said)


@pytest.mark.parametrize("name", ["JPEG-lossy.dcm", "MR_truncated.dcm", "badVR.dcm"])
def test_what_cannot_be_decoded_is_named(real, run, tmp_path, capsys, name):
    path = real("dicom_oddities") / "pydicom" / name
    assert str(path) in refused(capsys, "apply", run, "-i", path, "-o", tmp_path / "out.dcm")


def test_what_a_run_was_not_trained_on(real, run, tmp_path, capsys):
    path = sorted(real("skin_ph2").rglob("*.jp*g"))[0]
    assert "channels" in refused(capsys, "apply", run, "-i", path, "-o", tmp_path / "out.png")
    one = tmp_path / "one"
    one.mkdir()
    shutil.copyfile(slices(real("mr_brain_tumor_dicom") / PRE)[0], one / "a.dcm")
    said = refused(capsys, "train", "pix2pix", "--data", one, "--out", tmp_path / "run", *words("image", "image"))
    assert "cannot be split" in said


def test_the_same_series_twice_is_said(real, tmp_path, capsys):
    source = real("ct_kernel_pair_phantom") / "std"
    for name in ("std", "bone"):
        shutil.copytree(source, tmp_path / "d" / name)
    start = ("train", "pix2pix", "--data", tmp_path / "d", "--out", tmp_path / "run")
    assert call(*start, *words("std", "bone")) == 0
    assert "equal in every voxel" in " ".join(capsys.readouterr().err.split())


def test_another_unit_is_said(real, run, tmp_path, capsys):
    one = tmp_path / "one"
    one.mkdir()
    shutil.copyfile(slices(real("ct_kernel_pair_phantom") / "std")[0], one / "a.dcm")
    assert call("apply", run, "-i", one, "-o", tmp_path / "out", "--overlap", 0) == 0
    assert "its unit is HU, the run was trained on arbitrary" in " ".join(capsys.readouterr().err.split())
