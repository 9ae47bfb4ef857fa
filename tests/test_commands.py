"""Every command end to end on phantoms and small files, and what is left on disk."""

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image as Picture

import images
from adversaria import evaluate, train
from adversaria.data.read import read_image
from shell import SMALL, call, refused, told


def test_a_run_folder_holds_what_it_should(run):
    for name in ("recipe.yaml", "environment.json", "data.json", "log.csv", "validation.csv", "report.html"):
        assert (run / name).is_file(), name
    facts = json.loads((run / "environment.json").read_text())
    assert facts["seed"] == 0 and facts["finished"] and facts["versions"]["torch"] and facts["recipe_hash"]
    assert (run / "private" / "cases.json").stat().st_mode & 0o077 == 0
    with open(run / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert {"generator", "discriminator"} <= {row["player"] for row in rows}
    assert len(list((run / "samples").glob("strip-*.png"))) >= 1
    assert not list(run.rglob("*.pkl")) and not list(run.rglob("*.pt"))


def test_training_again_continues_and_changes_nothing(run, small, capsys):
    before = {p: p.read_bytes() for p in sorted((run / "checkpoints").rglob("*.safetensors"))}
    assert call("train", small, "--out", run) == 0
    assert "continuing from play 4 of 4" in told(capsys)
    assert before == {p: p.read_bytes() for p in sorted((run / "checkpoints").rglob("*.safetensors"))}


def test_more_plays_go_on_from_the_last(small, tmp_path, capsys):
    assert call("train", small, "--out", tmp_path / "a", "--plays", 2, "--quiet") == 0
    assert call("train", small, "--out", tmp_path / "a", "--plays", 4) == 0
    assert "continuing from play 2 of 4" in told(capsys)


def test_more_plays_go_on_from_the_last_of_a_reduced_recipe():
    """The number of plays is part of what a resolved recipe says of its reductions."""
    from adversaria.commands.train import _compared
    from adversaria.recipes import read_recipe

    few, more, other = (
        read_recipe("son-2017", changes).resolved()
        for changes in (["train.plays=5"], ["train.plays=900"], ["train.plays=5", "train.batch=3"])
    )
    assert few != more and _compared(few) == _compared(more) != _compared(other)


def test_another_recipe_in_the_same_folder_is_refused(run, small, capsys, tmp_path):
    before = (run / "recipe.yaml").read_bytes()
    other = tmp_path / "other.yaml"
    other.write_text(SMALL.replace("width: 4}\n  dis", "width: 6}\n  dis"))
    said = refused(capsys, "train", other, "--out", run)
    assert str(run) in said and "width: 4" in said and "width: 6" in said
    assert str(run) in refused(capsys, "train", small, "--out", run, "--seed", 3)
    assert (run / "recipe.yaml").read_bytes() == before


def test_seeds_are_folders_of_their_own(small, tmp_path):
    done = train(str(small), out=tmp_path / "many", seeds=2, plays=1, quiet=True)
    assert [d.folder.name for d in done] == ["seed-0", "seed-1"]
    weights = [sorted((d.folder / "checkpoints").rglob("game.safetensors"))[0].read_bytes() for d in done]
    assert weights[0] != weights[1]


def test_a_dry_run_says_what_it_costs_and_leaves_nothing(small, tmp_path, capsys):
    assert call("train", small, "--out", tmp_path / "none", "--dry-run") == 0
    said = told(capsys)
    for word in ("4 plays", "parameters", "memory", "disk", "time"):
        assert word in said
    assert not (tmp_path / "none").exists()


def test_evaluate_gives_values_intervals_and_reasons(run, capsys):
    scores = evaluate(run, quiet=True)
    said = told(capsys)
    assert "not measured: noise_level: it needs" in said
    assert {s.method for s in scores} == {"input", "output"} and len({s.subject for s in scores}) == 7
    assert call("evaluate", run, "--json", "--quiet") == 0
    cells = json.loads(capsys.readouterr().out)
    assert {c["measure"] for c in cells} == {"mae", "psnr"} and cells[0]["summary"]["low"] is not None
    with open(run / "scores.csv") as file:
        rows = list(csv.DictReader(file))
    values = [float(r["value"]) for r in rows if (r["method"], r["measure"]) == ("output", "mae")]
    (cell,) = [c for c in cells if (c["method"], c["measure"]) == ("output", "mae")]
    assert len(values) == 7 and np.mean(values) == pytest.approx(cell["summary"]["mean"])
    assert "mae" in (run / "report.html").read_text()


@pytest.fixture(scope="module")
def volume(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("volume")
    array = np.random.default_rng(0).random((32, 40, 5)).astype(np.float32)
    return images.nifti(folder / "brain.nii.gz", array)


def test_apply_keeps_geometry_and_gives_the_same_bytes(run, volume, tmp_path):
    outs = []
    for name in ("a", "b"):
        assert call("apply", run, "-i", volume, "-o", tmp_path / f"{name}.nii.gz", "--quiet") == 0
        outs.append(tmp_path / f"{name}.nii.gz")
    assert outs[0].read_bytes() == outs[1].read_bytes()
    first, second = nibabel.load(volume), nibabel.load(outs[0])
    assert np.array_equal(first.affine, second.affine) and first.shape == second.shape
    assert np.isfinite(second.get_fdata()).all() and np.ptp(second.get_fdata()) > 0


def test_apply_takes_folders_and_dicom(run, tmp_path, capsys):
    folder = tmp_path / "in"
    for name in ("p1", "p2"):
        images.nifti(folder / f"{name}.nii", np.random.default_rng(1).random((32, 32, 3))) if folder.exists() else None
        folder.mkdir(exist_ok=True)
        images.nifti(folder / f"{name}.nii", np.random.default_rng(1).random((32, 32, 3)))
    assert call("apply", run, "-i", folder, "-o", tmp_path / "out") == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["p1.nii", "p2.nii"]
    assert "wrote 2 of 2" in told(capsys)
    series = images.series(tmp_path / "series", 4, (32, 32))
    assert call("apply", run, "-i", series, "-o", tmp_path / "derived", "--quiet") == 0
    found = read_image(tmp_path / "derived")
    assert np.array_equal(found.affine, read_image(series).affine) and found.array.shape == (1, 32, 32, 4)


def test_apply_refuses_what_does_not_fit(run, tmp_path, capsys):
    Picture.fromarray(np.zeros((32, 32, 3), np.uint8) + np.arange(3, dtype=np.uint8)).save(tmp_path / "colour.png")
    assert "channels" in refused(capsys, "apply", run, "-i", tmp_path / "colour.png", "-o", tmp_path / "out.png")
    assert "does not exist" in refused(capsys, "apply", run, "-i", tmp_path / "none.png", "-o", tmp_path / "out.png")
    assert "recipe.yaml" in refused(
        capsys, "apply", tmp_path, "-i", tmp_path / "colour.png", "-o", tmp_path / "out.png"
    )
    assert "sample" not in refused(capsys, "sample", run, "-o", tmp_path / "s").split("error: ")[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["colour.png"]


def test_synthesis_is_sampled_and_marked(tmp_path):
    out = tmp_path / "gan"
    assert call("train", "gan", "--out", out, "--plays", 2, "--set", "train.batch=2", "--quiet") == 0
    for name in ("a", "b"):
        assert call("sample", out, "-n", 5, "-o", tmp_path / name) == 0
    made = sorted((tmp_path / "a").glob("sample-*.png"))
    assert len(made) == 5 and (tmp_path / "a" / "grid.png").is_file()
    assert [p.read_bytes() for p in made] == [p.read_bytes() for p in sorted((tmp_path / "b").glob("sample-*.png"))]
    with Picture.open(made[0]) as picture:
        assert json.loads(picture.info["adversaria"])["kind"] == "synthetic"


def test_measure_compares_two_folders(tmp_path, capsys):
    random = np.random.default_rng(0)
    for k in range(7):
        image = random.random((24, 24)).astype(np.float32)
        for name, noise in (("true", 0.0), ("made", 0.1)):
            (tmp_path / name).mkdir(exist_ok=True)
            images.nifti(tmp_path / name / f"{k}.nii.gz", image + noise * random.random((24, 24)).astype(np.float32))
    words = ("measure", "--reference", tmp_path / "true", "--output", tmp_path / "made")
    assert call(*words, "--range", 0, 1, "--json", "--quiet", "--csv", tmp_path / "s.csv") == 0
    cells = {c["measure"]: c["summary"] for c in json.loads(capsys.readouterr().out)}
    assert set(cells) == {"psnr", "ssim", "mae"} and cells["mae"]["n"] == 7
    first, second = (read_image(tmp_path / name / "0.nii.gz").array for name in ("true", "made"))
    with open(tmp_path / "s.csv") as file:
        row = next(r for r in csv.DictReader(file) if r["measure"] == "mae")
    assert float(row["value"]) == pytest.approx(float(np.abs(first - second).mean()), rel=1e-6)
    assert "data range" in refused(capsys, *words)
    assert "Did you mean" in refused(capsys, *words, "--metrics", "psn", "--range", 0, 1)
    (tmp_path / "other").mkdir()
    images.nifti(tmp_path / "other" / "x.nii.gz"), images.nifti(tmp_path / "other" / "y.nii.gz")
    assert "same name" in refused(
        capsys, "measure", "--reference", tmp_path / "true", "--output", tmp_path / "other", "--range", 0, 1
    )


def test_data_commands(tmp_path, capsys):
    folder = tmp_path / "d"
    folder.mkdir()
    for k in range(4):
        images.nifti(folder / f"{k}.nii.gz", images.ramp() + k)
    assert call("data", "check", folder, "--quiet") == 0
    (folder / "bad.nii.gz").write_bytes((folder / "0.nii.gz").read_bytes()[:300])
    images.nifti(folder / "flat.nii.gz", np.ones((4, 4, 4), np.float32))
    capsys.readouterr()
    assert call("data", "check", folder, "--quiet") == 2
    said = told(capsys)
    assert "bad.nii.gz" in said and "flat.nii.gz" in said and "constant" in said
    assert call("data", "check", folder, "--json", "--quiet") == 2
    assert any("bad.nii.gz" in json.dumps(row) for row in json.loads(capsys.readouterr().out))
    assert call("data", "phantom", "TorsoCT", "-n", 2, "-o", tmp_path / "p", "--size", 32) == 0
    assert {p.name for p in (tmp_path / "p" / "subject-0001").iterdir()} >= {"ct.tif", "mask.tif", "truth.json"}
    capsys.readouterr()
    assert call("data", "split", tmp_path / "d") == 0 and "by file" in told(capsys)
    assert call("data", "show", images.series(tmp_path / "s", 3), "-o", tmp_path / "show.png") == 0
    assert (tmp_path / "show.png").is_file()


def test_doctor_and_report(run, capsys):
    assert call("doctor", "--json") == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} >= {"torch", "nibabel"}
    assert call("report", run) == 0 and str(run / "report.html") in told(capsys)
