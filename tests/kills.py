"""Kill a training at chosen moments, let it go on, and compare it with an undisturbed one."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PLAYS = 40


def start(run: Path, workers: int, precision: str, slow: int = 0, devices: int = 1) -> subprocess.Popen:
    command = [
        sys.executable,
        str(HERE / "kill_child.py"),
        str(run),
        str(PLAYS),
        str(workers),
        precision,
        str(slow),
    ]
    paths = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    return subprocess.Popen(
        [*command, str(devices)],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(run: Path, workers: int, precision: str, devices: int = 1) -> None:
    child = start(run, workers, precision, devices=devices)
    _, said = child.communicate(timeout=300)
    assert child.returncode == 0, said


def kill(child: subprocess.Popen) -> None:
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def kill_once(run: Path, workers: int, precision: str, inside_save: bool, seed: int) -> bool:
    """Kill a training at a random moment after its first play, or inside a save; tell whether it was so."""
    pick = random.Random(seed)
    child = start(run, workers, precision, slow=30 if inside_save else 0)
    saves = pick.randint(1, 3)
    moment, seen, before = None, 0, False
    while child.poll() is None:
        if inside_save:
            writing = any((run / "checkpoints").glob(".writing-*"))
            seen += writing and not before
            before = writing
            if writing and seen >= saves:
                time.sleep(pick.uniform(0, 0.12))
                inside = any((run / "checkpoints").glob(".writing-*"))
                kill(child)
                return inside
        elif moment is None and (run / "log.csv").exists():
            moment = time.monotonic() + pick.uniform(0.05, 0.6)
        elif moment is not None and time.monotonic() > moment:
            kill(child)
            return True
        time.sleep(0.001)
    child.communicate()
    return False


def fingerprint(run: Path) -> dict[str, str]:
    """Hash the last checkpoint's files, tensor by tensor as they lie on disk, and the log."""
    last = sorted((run / "checkpoints").glob("plays-*"))[-1]
    files = [p for p in sorted(last.iterdir())] + [run / "log.csv"]
    assert last.name == f"plays-{PLAYS:09d}"
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
