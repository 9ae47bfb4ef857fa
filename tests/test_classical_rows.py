"""Classical methods in the table of `evaluate`, on the same cases as the run."""

import json

import numpy as np
import pytest
import torch

import raw_files
from adversaria import classical
from adversaria.commands.brought import refuse_fewer_views
from adversaria.data.image import Image
from adversaria.data.read import read_image
from adversaria.physics import CTScan, ParallelBeam
from adversaria.vocabulary import UserError
from shell import call, refused
from test_acquiring import CT, MR

DENOISE = """
phantom: !TorsoCT {size: 48}
subjects: {train: 2, validation: 1, test: 2}
acquire: {low: !LowDoseCT {of: ct, views: 60}}
bind: {source: low, target: ct}
intensity: {source: !Window {low: -1000, high: 1500}, target: !Window {low: -1000, high: 1500}}
game: !Supervised
  generator: !PlainCNN {layers: 2, width: 4}
train: {plays: 2, batch: 1, patch: [32, 32]}
evaluate: {range: [-1000, 1500], measures: [psnr]}
"""
ENLARGE = """
phantom: !Brain {size: 48}
subjects: {train: 2, validation: 1, test: 2}
acquire: {small: !Downsample {of: t1, factor: 2}}
bind: {source: small, target: t1}
intensity: {source: !Window {low: 0, high: 2500}, target: !Window {low: 0, high: 2500}}
game: !Supervised
  generator: !SRResNet {blocks: 1, width: 4, factor: 2}
train: {plays: 2, batch: 1, patch: [32, 32]}
apply: {window: whole}
evaluate: {range: [0, 2500], measures: [psnr]}
"""


def scored(text, tmp_path, capsys):
    """Mean PSNR of every method after two batches."""
    place = tmp_path / "mine.yaml"
    place.write_text(text)
    assert call("train", place, "--out", tmp_path / "run", "--quiet") == 0
    capsys.readouterr()
    assert call("evaluate", tmp_path / "run", "--classical", "--json", "--quiet") == 0
    cells = json.loads(capsys.readouterr().out)
    return {cell["method"]: cell["summary"]["mean"] for cell in cells if cell["measure"] == "psnr"}


def test_resonance_is_scored_beside_total_variation(tmp_path, capsys):
    found = scored(MR, tmp_path, capsys)
    assert set(found) == {"input", "output", "zero-filled", "total variation"}
    assert found["zero-filled"] == pytest.approx(found["input"], abs=1e-3), "the input is the zero-filled image"
    assert found["total variation"] > found["zero-filled"]


def test_tomography_is_scored_beside_three_methods(tmp_path, capsys):
    found = scored(CT, tmp_path, capsys)
    assert set(found) == {"input", "output", "FBP", "SART", "total variation"}
    assert found["FBP"] == pytest.approx(found["input"], abs=1e-3)
    assert found["total variation"] > found["FBP"]


def test_denoising_is_scored_beside_non_local_means(tmp_path, capsys):
    found = scored(DENOISE, tmp_path, capsys)
    assert set(found) == {"input", "output", "non-local means"} and found["non-local means"] > found["input"] - 0.5


def test_enlarging_is_scored_beside_bicubic_interpolation(tmp_path, capsys):
    found = scored(ENLARGE, tmp_path, capsys)
    assert set(found) == {"input", "output", "bicubic"} and found["bicubic"] > found["input"]


def test_a_run_is_applied_to_a_sinogram_with_its_geometry(tmp_path, capsys):
    """Data consistency then is with the measured views; fewer views than trained for end with exit code 2."""
    held = CT.replace("steps: 3", "steps: 30")  # enough to come all the way from what an untrained network makes
    assert held != CT
    (tmp_path / "mine.yaml").write_text(held)
    assert call("train", tmp_path / "mine.yaml", "--out", tmp_path / "run", "--quiet") == 0
    body = torch.zeros(1, 1, 16, 16)
    body[..., 4:12, 5:11] = 0.2
    for views in (12, 7):
        np.save(tmp_path / f"scan{views}.npy", ParallelBeam(16, views, spacing=25.0).A(body)[0, 0].numpy())
        raw_files.with_geometry(tmp_path / f"scan{views}.npy", views=views, element=25, size=16, water=0.2)
    assert call("apply", tmp_path / "run", "-i", tmp_path / "scan12.npy", "-o", tmp_path / "out.tif") == 0
    made = read_image(tmp_path / "out.tif").array
    assert made.shape == (1, 16, 16) and np.abs(made[0, 6:10, 7:9]).mean() < 200 < -made[0, :2].mean()
    said = refused(capsys, "apply", tmp_path / "run", "-i", tmp_path / "scan7.npy", "-o", tmp_path / "no.tif")
    assert "has 7 views" in said and not (tmp_path / "no.tif").exists()


def test_classical_methods_are_listed(capsys):
    assert call("list", "classical", "--json") == 0
    listed = {entry["name"] for entry in json.loads(capsys.readouterr().out)}
    assert listed == set(classical.__all__)
    assert call("show", "cg-sense") == 0
    assert "Pruessmann" in capsys.readouterr().out


def test_fewer_views_than_trained_for_are_refused():
    image = Image(np.zeros((1, 16, 16), np.float32), raw={"angles": np.zeros(7, np.float32)})
    with pytest.raises(UserError, match="has 7 views, and mine was trained for 12") as caught:
        refuse_fewer_views(image, CTScan(16, 12), "mine")
    assert "train a run for 7" in caught.value.remedy
    refuse_fewer_views(image, CTScan(16, 7), "mine")
