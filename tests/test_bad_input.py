"""What a user may get wrong: one message with a remedy, exit code 2, nothing half-written."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import images
from adversaria import evaluate
from adversaria.cli import main
from adversaria.vocabulary import UserError
from shell import SMALL, call, refused, told

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
