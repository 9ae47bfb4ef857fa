"""Every command end to end on phantoms and small files: exit codes, messages, and what is left on disk."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image as Picture

import images
from adversaria import evaluate, train
from adversaria.cli import main
from adversaria.data.read import read_image
from adversaria.vocabulary import UserError

SMALL = """
phantom: !Brain {size: 32}
subjects: {train: 3, validation: 2, test: 7}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Pix2Pix
  generator: !UNet {depth: 3, width: 4}
  discriminator: !PatchGAN {width: 4}
train: {plays: 4, batch: 2, patch: [32, 32]}
evaluate: {range: [-1, 1], scaled: true, measures: [mae, psnr, noise_level]}
"""


def call(*words) -> int:
    """Run one command as the shell would, and give its exit code."""
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("recipe") / "small.yaml"
    place.write_text(SMALL)
    return place


@pytest.fixture(scope="module")
def run(small, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "small"
    assert call("train", small, "--out", folder, "--quiet") == 0
    return folder


def told(capsys) -> str:
    out = capsys.readouterr()
    return out.out + out.err


def refused(capsys, *words) -> str:
    """What a command that must fail with exit code 2 says: one message and a remedy."""
    capsys.readouterr()
    assert call(*words) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said and "error: " in said
    message = said[said.index("error: ") :].strip().splitlines()
    assert 1 <= len(message) <= 6, said
    return said


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


HOSTILE = {
    "unknown recipe": (["train", "yang-2017"], "yang-2017b"),
    "unknown key": (["train", "{tmp}/bad.yaml"], "unknown key"),
    "misspelt set": (["train", "pix2pix", "--set", "game.generatr.depth=3"], "generator"),
    "no data": (["train", "pix2pix", "--data", "{tmp}/none"], "does not exist"),
    "empty folder": (["train", "pix2pix", "--data", "{tmp}/empty"], "no image was found"),
    "one file": (["train", "pix2pix", "--data", "{tmp}/flat"], "Name one of these"),
    "precision": (["train", "pix2pix", "--precision", "fp8"], "bf16"),
    "weights": (["train", "pix2pix", "--weights", "vgg19=/none"], "/none"),
    "unwritable": (["train", "pix2pix", "--out", "{tmp}/file/run"], "file"),
    "unknown command": (["trian"], ""),
    "unknown option": (["train", "pix2pix", "--playz", "3"], ""),
    "unknown name": (["show", "yang-2017"], "yang-2017b"),
    "unknown kind": (["list", "gams"], "games"),
    "cite": (["cite", "Pix2Pix"], "not a published work"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_mistakes_end_with_exit_code_2(name, tmp_path, capsys):
    words, said = HOSTILE[name]
    (tmp_path / "bad.yaml").write_text("gamma: 2\n" + SMALL)
    (tmp_path / "empty").mkdir(), (tmp_path / "flat").mkdir(), (tmp_path / "file").write_text("x")
    for k in range(3):
        images.nifti(tmp_path / "flat" / f"{k}.nii.gz", images.ramp() + k)
    words = [word.format(tmp=tmp_path) for word in words]
    if words[0] == "train" and "--out" not in words:
        words += ["--out", str(tmp_path / "run")]
    assert call(*words) == 2
    out = capsys.readouterr()
    assert said in out.err + out.out and "Traceback" not in out.err
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def data_folder(root, count=6, **odd):
    """Pairs A/B of 2D images, some of them odd."""
    random = np.random.default_rng(0)
    for word in "AB":
        (root / word).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            made = odd.get(f"{word}{k}", random.random((32, 32)).astype(np.float32))
            images.nifti(root / word / f"p{k}.nii.gz", made)
    return root


def test_constant_images_are_excluded_by_name_and_the_rest_go_on(small, tmp_path, capsys):
    folder = data_folder(tmp_path / "d", 8, B2=np.full((32, 32), 3, np.float32), B5=np.full((32, 32), 3, np.float32))
    words = ("train", small, "--data", folder, "--out", tmp_path / "run", "--plays", 2, "--assume-independent")
    assert call(*words, "--set", "bind.source=A", "--set", "bind.target=B") == 0
    said = told(capsys)
    assert "excluded" in said and "constant" in said and "p2.nii.gz" in said or "p5.nii.gz" in said
    report = (tmp_path / "run" / "report.html").read_text()
    assert "p2.nii.gz" not in report and str(folder) not in report
    flat = data_folder(tmp_path / "f", 4, **{f"B{k}": np.full((32, 32), 3, np.float32) for k in range(4)})
    said = refused(
        capsys,
        "train",
        small,
        "--data",
        flat,
        "--out",
        tmp_path / "none",
        "--set",
        "bind.source=A",
        "--set",
        "bind.target=B",
    )
    assert "no case can be used" in said and ".nii.gz" in said


BAD = {
    "truncated": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "nan": lambda p: images.nifti(p, np.full((32, 32), np.nan, np.float32)),
    "channels": lambda p: images.nifti(p, np.random.default_rng(0).random((32, 32, 1, 3)).astype(np.float32)),
    "size": lambda p: images.nifti(p, np.random.default_rng(0).random((30, 32)).astype(np.float32)),
    "partner": lambda p: p.unlink(),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_images_are_named_before_training(name, small, tmp_path, capsys):
    folder = data_folder(tmp_path / "d")
    for k in range(6):
        BAD[name](folder / "B" / f"p{k}.nii.gz") if name != "partner" or k == 3 else None
    words = ("train", small, "--data", folder, "--out", tmp_path / "run", "--assume-independent")
    said = refused(capsys, *words, "--set", "bind.source=A", "--set", "bind.target=B")
    assert ".nii.gz" in said or "channel" in said
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def test_loose_files_say_what_they_cannot_show(small, tmp_path, capsys):
    folder = data_folder(tmp_path / "d", 8)
    words = ("train", small, "--data", folder, "--out", tmp_path / "run", "--plays", 1)
    assert call(*words, "--set", "bind.source=A", "--set", "bind.target=B") == 0
    assert "may share subjects" in told(capsys)
    assert call("evaluate", tmp_path / "run", "--data", folder, "--json", "--quiet") == 0
    cells = json.loads(capsys.readouterr().out)
    assert all(c["summary"]["low"] is None and "may share subjects" in c["note"] for c in cells)
    assert call("evaluate", tmp_path / "run") == 2


def test_a_full_disk_keeps_earlier_checkpoints(small, tmp_path, capsys):
    """A file system of 2.5 MB: training ends in one message and its whole checkpoints stay whole."""
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2500k", "none", tmp_path]).returncode:
        _limited(small, tmp_path)
        return
    try:
        said = refused(
            capsys, "train", small, "--out", tmp_path / "run", "--plays", 400, "--save-every", 1,
            "--set", "game.generator.width=12",
        )  # fmt: skip
        assert "space" in said.lower()
        from adversaria.engine import checkpoint

        found = checkpoint.newest(tmp_path / "run" / "checkpoints")
        assert found is None or found.tensors["game"]
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def _limited(small, tmp_path):
    """Where nothing may be mounted: a limit on the size of files says the same to whoever writes."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150000, 150000)); "
        "from adversaria.cli import main; main(sys.argv[1:])"
    )
    words = ["train", str(small), "--out", str(tmp_path / "run"), "--plays", "3", "--set", "game.generator.width=24"]
    made = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert made.returncode == 2 and "Traceback" not in made.stderr and "error: " in made.stderr, made.stderr
    assert not list((tmp_path / "run").rglob("*.safetensors"))


def test_a_damaged_checkpoint_is_noticed(run, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    for path in (copy / "checkpoints").rglob("*.safetensors"):
        hurt = bytearray(path.read_bytes())
        hurt[-5] ^= 1
        path.write_bytes(hurt)
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(UserError, match="no whole checkpoint"):
        evaluate(copy, quiet=True)


def test_a_run_folder_is_untrusted(run, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    text = (copy / "recipe.yaml").read_text()
    (copy / "recipe.yaml").write_text(text.replace("!UNet", "!./evil.py:UNet"))
    (copy / "evil.py").write_text("raise SystemExit(99)")
    said = refused(capsys, "evaluate", copy)
    assert "--trust" in said


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(UserError):
        main(["train", "nothing", "--debug"])


def test_doctor_and_report(run, capsys):
    assert call("doctor", "--json") == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} >= {"torch", "nibabel"}
    assert call("report", run) == 0 and str(run / "report.html") in told(capsys)
