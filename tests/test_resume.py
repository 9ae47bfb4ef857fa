"""kill -9, signals, damage and full disks: a resumed run is the undisturbed one, bit for bit."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from adversaria.engine import Settings, Stopped, Training
from adversaria.engine import checkpoint as saving
from adversaria.run import Run
from adversaria.vocabulary import UserError
from kills import HERE, PLAYS, fingerprint, finish, kill_once, start
from playground import NAMES, NoiseFeed, build

KILLS = [(0, "fp32", False), (2, "fp32", True), (0, "bf16", True), (2, "bf16", False), (0, "fp32", True)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    found = {}

    def give(precision):
        if precision not in found:
            run = tmp_path_factory.mktemp(precision)
            finish(run, 0, precision)
            found[precision] = fingerprint(run)
        return found[precision]

    return give


@pytest.mark.parametrize("seed,workers,precision,inside", [(i, *kill) for i, kill in enumerate(KILLS)])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, undisturbed, seed, workers, precision, inside):
    killed = any(kill_once(tmp_path, workers, precision, inside, 10 * seed + i) for i in range(4))
    assert killed, "the training ended before it could be killed"
    finish(tmp_path, workers, precision)
    assert fingerprint(tmp_path) == undisturbed(precision)
    assert not list((tmp_path / "checkpoints").glob(".writing-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_saves_and_the_run_goes_on(tmp_path, undisturbed, number):
    child = start(tmp_path, 0, "fp32")
    while not (tmp_path / "log.csv").exists() or len((tmp_path / "log.csv").read_text().splitlines()) < 3:
        assert child.poll() is None
        time.sleep(0.005)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert "Stopped" in said and signal.Signals(number).name in said
    finish(tmp_path, 0, "fp32")
    assert fingerprint(tmp_path) == undisturbed("fp32")


def test_two_processes_resume_too(tmp_path):
    """Pools differ by replica and are saved for each."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    finish(whole, 0, "fp32", devices=2)
    child = start(cut, 0, "fp32", devices=2)
    while not list((cut / "checkpoints").glob("plays-*")) and child.poll() is None:
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    finish(cut, 0, "fp32", devices=2)
    prints = fingerprint(whole)
    assert {"replica-0.safetensors", "replica-1.safetensors"} <= set(prints)
    assert prints["replica-0.safetensors"] != prints["replica-1.safetensors"]
    assert fingerprint(cut) == prints


def test_one_and_two_processes_give_the_same_gradients_and_plays(tmp_path):
    """DESIGN's equality: fp32 first gradients to 1e-5, float64 SGD plays to 1e-9, for every game."""
    paths = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    script = [sys.executable, str(HERE / "replica_child.py"), str(tmp_path)]
    for devices in ("1", "2"):
        subprocess.run([*script, devices], env=environment, check=True, capture_output=True, timeout=300)
    one, two = torch.load(tmp_path / "1.pt"), torch.load(tmp_path / "2.pt")
    assert set(one) == set(two) and len(one) >= 6 * 2
    for name, tensors in one.items():
        bound = 1e-5 if "float32" in name else 1e-9
        for label, tensor in tensors.items():
            scale = max(float(t.abs().max()) for t in tensors.values())
            assert (tensor - two[name][label]).abs().max() <= bound * scale, (name, label)


@pytest.mark.parametrize("name", NAMES)
def test_every_game_goes_on_bit_for_bit(name, tmp_path):
    """State set between plays is in the checkpoint: the last one, made again from the one before, is the same."""

    def train():
        Training(build(name), NoiseFeed(), Run(tmp_path), Settings(plays=4, save_every=2)).train()

    train()
    last = saving.listed(tmp_path / "checkpoints")[-1]
    whole = {p.name: p.read_bytes() for p in last.iterdir()}
    shutil.rmtree(last)
    train()
    assert {p.name: p.read_bytes() for p in last.iterdir()} == whole and last.name.endswith("4")


def small(folder: Path, plays: int = 4, **changes) -> Training:
    return Training(build("GAN"), NoiseFeed(), Run(folder), Settings(plays=plays, save_every=2, **changes))


def test_a_damaged_checkpoint_is_found_and_the_previous_one_used(tmp_path):
    """Flip one bit anywhere in any file: always noticed, and named."""
    small(tmp_path).train()
    newest = saving.listed(tmp_path / "checkpoints")[-1]
    for file in sorted(newest.iterdir()):
        content = file.read_bytes()
        for place in range(0, len(content), max(1, len(content) // 13)):
            file.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
            heard: list[str] = []
            found = saving.newest(tmp_path / "checkpoints", heard.append)
            assert found is not None and found.plays == 2, (file.name, place)
            assert len(heard) == 1 and newest.name in heard[0]
        file.write_bytes(content)
    assert saving.newest(tmp_path / "checkpoints").plays == 4


def test_a_checkpoint_holds_no_pickle_and_shared_tensors_once(tmp_path):
    tensor = torch.arange(4.0)
    path = saving.write(tmp_path, saving.Checkpoint(1, {"game": {"a": tensor, "b": tensor}}))
    back = saving.read(path).tensors["game"]
    assert torch.equal(back["a"], tensor) and torch.equal(back["b"], tensor)
    assert {p.suffix for p in path.iterdir()} == {".safetensors", ".json"}
    assert (path / "game.safetensors").stat().st_size < 8 * 4 + 200


def test_two_newest_the_best_and_every_kth_are_kept(tmp_path):
    for plays in range(1, 11):
        saving.write(tmp_path, saving.Checkpoint(plays, {"game": {"a": torch.zeros(1)}}))
        saving.prune(tmp_path, best=3, every=5)
    assert [int(p.name[6:]) for p in saving.listed(tmp_path)] == [3, 5, 9, 10]


def test_a_full_disk_leaves_the_earlier_checkpoints(tmp_path):
    """On a real 1 MiB file system, when one can be mounted; else by a write that fails like one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True
    ).returncode
    if not mounted:
        pytest.fail("a 1 MiB file system could not be mounted")
    try:
        saving.write(disk, saving.Checkpoint(1, {"game": {"a": torch.zeros(1000)}}))
        with pytest.raises(UserError, match=r"No space left.*") as caught:
            saving.write(disk, saving.Checkpoint(2, {"game": {"a": torch.zeros(10**6)}}))
        assert "4000000 bytes" in caught.value.message and "Earlier checkpoints are intact" in caught.value.remedy
        assert saving.newest(disk).plays == 1
        assert [p.name for p in disk.iterdir()] == ["plays-000000001"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_unwritable_run_folder_is_refused_before_training(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(UserError, match="cannot write to the run folder") as caught:
        small(blocked / "run")
    assert "--out" in caught.value.remedy


def test_another_game_does_not_continue_a_run(tmp_path):
    small(tmp_path).train()
    with pytest.raises(UserError, match="another game"):
        Training(build("WGANGP"), NoiseFeed(), Run(tmp_path), Settings(plays=6))


def test_log_rows_stand_once_and_half_lines_are_dropped(tmp_path):
    small(tmp_path, log_every=1).train()
    log = tmp_path / "log.csv"
    whole = log.read_text()
    shutil.rmtree(saving.listed(tmp_path / "checkpoints")[-1])
    log.write_text(whole + "9,generator,9,adver")
    small(tmp_path, log_every=1).train()
    assert log.read_text() == whole


def test_stopped_has_its_own_exit_code():
    assert Stopped.exit_code == 3 and PLAYS % 5 == 0
