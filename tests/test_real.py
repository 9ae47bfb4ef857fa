"""Real folders end to end, as a user types it: train, apply, evaluate; one subject each, which is always said."""

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from adversaria.cli import main
from adversaria.data.intensity import Window
from adversaria.data.read import read_image
from adversaria.run import read_json
from derived import assert_derived

SAME = "same subject, not evidence of generalisation"
SMALL = ("train.patch=[64,64]", "train.batch=2")


def call(*words) -> int:
    """Run one command as the shell would, and give its exit code."""
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def sets(*changes) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def told(capsys) -> str:
    out = capsys.readouterr()
    return " ".join((out.out + out.err).split())


def scored(run: Path, data: Path, capsys) -> dict[tuple[str, str], float]:
    """Evaluate: every score says that it comes from one subject, and none has an interval."""
    capsys.readouterr()
    assert call("evaluate", run, "--data", data, "--json", "--quiet") == 0
    cells = json.loads(capsys.readouterr().out)
    assert cells and all(SAME in cell["note"] and cell["summary"]["n"] == 1 for cell in cells)
    assert all(cell["summary"]["low"] is None and cell["summary"]["high"] is None for cell in cells)
    assert SAME in (run / "report.html").read_text()
    values = {(cell["method"], cell["measure"]): cell["summary"]["mean"] for cell in cells}
    assert {method for method, _ in values} == {"input", "output"} and np.isfinite(list(values.values())).all()
    return values


def blocks(run: Path) -> dict[str, range]:
    """The parts of the split: in order, and none touches another."""
    split = read_json(run / "data.json")["split"]
    assert split["rule"].startswith(SAME)
    parts = {part: range(*ends) for part, ends in split["slices"].items()}
    assert parts["train"].stop <= parts["validation"].start and parts["validation"].stop <= parts["test"].start
    return parts


def test_low_dose_is_simulated_from_the_users_own_ct(real, tmp_path, capsys):
    folder, run = real("ct_head_ge_irregular"), tmp_path / "run"
    tiny = sets(*SMALL, "game.generator.width=8", "game.generator.layers=3", "acquire.quarter_dose.views=60")
    assert call("train", "yang-2017b", "--data", folder, "--out", run, "--plays", 3, *tiny) == 0
    said = told(capsys)
    assert "recognised one DICOM series" in said and SAME in said
    assert "unequal slice steps from 1.08 to 7.00 mm" in said and "tilted by 18.5 degrees" in said
    parts = blocks(run)
    assert parts["validation"].start - parts["train"].stop == parts["test"].start - parts["validation"].stop == 1
    scan = read_image(folder).array
    (target,), (source,) = ([np.load(p) for p in run.rglob(f"cache/*/{w}.npy")] for w in ("target", "source"))
    scale = Window(-260, 340, (0, 1)).fit(scan)
    assert np.array_equal(np.moveaxis(target, 0, -1), scale.forward(scan)), "the scan itself is the target"
    noise = np.moveaxis(source - target, 0, -1)[(scan > 10) & (scan < 60)] * 600
    assert 3 < noise.std() < 120 and abs(noise.mean()) < noise.std() / 5
    scored(run, folder, capsys)
    assert call("apply", run, "-i", folder, "-o", tmp_path / "out", "--overlap", 0) == 0
    said = told(capsys)
    assert "unequal slice steps" in said and "outside the run's window" in said
    assert_derived(tmp_path / "out", folder, "yang-2017b after 3 plays")
    made, air = read_image(tmp_path / "out").array, scan < -900
    assert "carried over" in said and np.abs(np.median(made[air]) - np.median(scan[air])) < 300


def test_uneven_slices_are_no_volume(real, tmp_path, capsys):
    folder = real("ct_head_ge_irregular")
    assert call("train", "wolterink-2017b", "--data", folder, "--out", tmp_path / "run") == 2
    said = told(capsys)
    assert f"{folder} is not an even volume" in said and "unequal slice steps" in said and "use a 2D recipe" in said
    assert call("data", "check", folder, "--volumes", "--quiet") == 2
    assert not list(tmp_path.iterdir())


KERNEL = """
bind: {source: std, target: bone}
intensity:
  source: !Window {low: -1024, high: 3071}
  target: !Window {low: -1024, high: 3071}
game: !Pix2Pix
  generator: !PlainCNN {residual: true, final: identity}
  discriminator: !PatchGAN {width: 16}
train: {plays: 400, batch: 4, patch: [64, 64], sampling: !Foreground {above: -0.9}}
evaluate: {range: [-1024, 3071], measures: [mae, psnr, ssim]}
"""


def test_two_dicom_folders_are_a_pair(real, tmp_path, capsys):
    folder, run = real("ct_kernel_pair_phantom"), tmp_path / "run"
    (tmp_path / "kernel.yaml").write_text(KERNEL)
    words = sets(*SMALL, "game.generator.width=8", "game.generator.layers=3")
    assert call("train", tmp_path / "kernel.yaml", "--data", folder, "--out", run, "--plays", 2, *words) == 0
    assert "one folder a word: bone (1), std (1)" in told(capsys)
    assert blocks(run)["test"] == range(2, 3) and "no room for a gap" in read_json(run / "data.json")["split"]["rule"]
    values = scored(run, folder, capsys)
    std, bone = (read_image(folder / kernel).array[..., 2] for kernel in ("std", "bone"))
    assert values["input", "mae"] == pytest.approx(float(np.abs(std - bone).mean()), rel=1e-5)
    assert call("apply", run, "-i", folder, "-o", tmp_path / "out", "--overlap", 0, "--quiet") == 0
    assert_derived(tmp_path / "out", folder / "std", "kernel after 2 plays")


PRE, POST = "26401-T1prereg-52906", "11-T1post-18670"


def two_series(folder: Path, to: Path, shuffled: bool = False) -> Path:
    """Copy before and after contrast; with `shuffled`, the files of the first under each other's names."""
    shutil.copytree(folder / POST, to / POST)
    (to / PRE).mkdir()
    files = sorted((folder / PRE).iterdir())
    order = np.random.default_rng(5).permutation(len(files)) if shuffled else range(len(files))
    for file, place in zip(files, order, strict=True):
        shutil.copyfile(file, to / PRE / files[place].name)
    return to


def test_contrast_pairs_by_position_not_by_file_name(real, tmp_path, capsys):
    folder = real("mr_brain_tumor_dicom")
    weights, arrays = [], []
    for name in ("plain", "shuffled"):
        data, run = two_series(folder, tmp_path / name, name == "shuffled"), tmp_path / f"run-{name}"
        words = sets(*SMALL, "bind.source=T1pre", "bind.target=T1post")
        assert call("train", "pix2pix", "--data", data, "--out", run, "--plays", 2, *words) == 0
        assert call("apply", run, "-i", data, "-o", tmp_path / f"out-{name}", "--overlap", 0, "--quiet") == 0
        weights.append((run / "checkpoints" / "plays-000000002" / "game.safetensors").read_bytes())
        arrays.append(read_image(tmp_path / f"out-{name}").array)
    assert weights[0] == weights[1] and np.array_equal(arrays[0], arrays[1])
    assert_derived(tmp_path / "out-shuffled", tmp_path / "shuffled" / PRE, "pix2pix after 2 plays")
    parts = blocks(tmp_path / "run-shuffled")
    assert parts["test"] == range(8, 10)
    scored(tmp_path / "run-shuffled", tmp_path / "shuffled", capsys)


def test_a_thin_block_of_a_volume_is_validated(real, tmp_path, capsys):
    """3D with a validation block of one slice and a test block of two, thinner than the patch."""
    folder, run = real("mr_brain_tumor_dicom"), tmp_path / "run"
    words = sets("train.patch=[32,32,4]", "game.generator.depth=2", "train.batch=1", "game.generator.width=4")
    words += sets("bind.source=T1pre", "bind.target=T1post", "game.discriminator.layers=0", "evaluate.measures=[psnr]")
    assert call("train", "pix2pix", "--data", folder, "--out", run, "--plays", 2, *words) == 0
    assert blocks(run)["validation"] == range(6, 7)
    scored(run, folder, capsys)


def test_contrast_unpaired(real, tmp_path, capsys):
    folder, run = real("mr_brain_tumor_dicom"), tmp_path / "run"
    words = sets(*SMALL, "bind.source=a.T1pre", "bind.target=b.T1post", "evaluate.truth=a.T1post")
    assert call("train", "cyclegan", "--data", folder, "--out", run, "--plays", 2, *words) == 0
    assert "same subject" in told(capsys) and blocks(run)["test"] == range(8, 10)
    known = json.loads((run / "private" / "cases.json").read_text())
    assert set(known) == {"a.c0001", "b.c0001"}, "each stream numbers its own cases"
    assert call("apply", run, "-i", folder / PRE, "-o", tmp_path / "out", "--overlap", 0, "--quiet") == 0
    assert_derived(tmp_path / "out", folder / PRE, "cyclegan after 2 plays")
    values = scored(run, folder, capsys)
    assert values["input", "psnr"] > 20, "the truth is the co-registered series, slice for slice"


GEOMETRY = (
    "dim", "pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y",
    "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units",
)  # fmt: skip


@pytest.mark.parametrize("patch", ["[64,64]", "[32,32,32]"])
def test_contrasts_in_nifti_keep_their_place(real, tmp_path, capsys, patch):
    folder, run = real("mr_ms_lesion"), tmp_path / "run"
    words = sets(f"train.patch={patch}", "train.batch=1", "game.generator.width=4")
    assert call("train", "pix2pix", "--data", folder, "--out", run, "--plays", 2, *words) == 0
    assert "one folder a subject" in told(capsys)
    parts = blocks(run)
    assert parts["test"].start - parts["validation"].stop == 1
    (path,) = (folder / "patient07").glob("T1_*")
    assert call("apply", run, "-i", path, "-o", tmp_path / "out.nii.gz", "--overlap", 0) == 0
    assert "wrote 1 of 1 images to" in told(capsys)
    first, second = nibabel.load(path), nibabel.load(tmp_path / "out.nii.gz")
    assert first.affine.tobytes() == second.affine.tobytes()
    for name in GEOMETRY:
        assert first.header[name].tobytes() == second.header[name].tobytes(), name
    (note,) = [e for e in second.header.extensions if b"adversaria" in e.get_content()]
    assert json.loads(note.get_content())["kind"] == "derived"
    scored(run, folder, capsys)
