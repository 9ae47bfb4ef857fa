"""Decoding untrusted files in child processes with bounded time and memory."""

import atexit
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.decoders import nifti, plain
from adversaria.data.decoders.result import LARGEST, Refused
from adversaria.vocabulary import UserError

SECONDS = 60.0
MEMORY = 6 * 1024**3


class UnreadableImage(UserError):
    """A file that cannot be read: which, why, and the remedy."""


class Guard:
    """A persistent child that decodes; one that exceeds its time is killed and replaced.

    Children import neither torch nor MONAI. Pixels come back through a file in memory that is unlinked
    as soon as it is mapped.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY):
        self.seconds, self.memory = seconds, memory
        self.process: subprocess.Popen[bytes] | None = None
        self.owner = 0
        self.number = 0
        self.place: Path | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the child if there is none, or if this process is a fork of the one that started it."""
        if self.process is None or self.owner != os.getpid() or self.process.poll() is not None:
            self.stop()
            self.owner = os.getpid()
            self.place = Path(tempfile.mkdtemp(prefix="adversaria-", dir=_roomy("/dev/shm")))
            command = [
                sys.executable,
                "-m",
                "adversaria.data.decoders.child",
                str(self.place),
                str(self.memory),
            ]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self.process

    def stop(self) -> None:
        """End the child and remove its folder."""
        if self.process is not None and self.owner == os.getpid():
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            if self.place is not None:
                shutil.rmtree(self.place, ignore_errors=True)
        self.process = None

    def ask(self, path: Path, pixels: bool) -> dict[str, Any]:
        """Have one file decoded; raise UnreadableImage if it is refused, too slow or too large."""
        process = self.start()
        assert process.stdin is not None and process.stdout is not None
        self.number += 1
        request = {"path": str(path.absolute()), "pixels": pixels, "number": self.number}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._line(process)
        except (BrokenPipeError, EOFError):
            self.stop()
            raise UnreadableImage(
                f"{path} cannot be read: its decoder died.",
                "The file is damaged; restore it from its source.",
            ) from None
        except TimeoutError:
            self.stop()
            raise UnreadableImage(
                f"{path} cannot be read: decoding took longer than {self.seconds:.0f} s.",
                "The file is damaged.",
            ) from None
        answer: dict[str, Any] = json.loads(line)
        if "reason" in answer:
            raise UnreadableImage(f"{path} cannot be read: {answer['reason']}.", answer["remedy"])
        return answer

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(self.seconds):
                raise TimeoutError
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line


def _roomy(place: str) -> str | None:
    """Give a place in memory if the largest image fits there (containers often have 64 MiB); else the usual one."""
    if not (os.path.isdir(place) and os.access(place, os.W_OK)):
        return None
    return place if shutil.disk_usage(place).free > 2 * LARGEST else None


_GUARD = Guard()
atexit.register(_GUARD.stop)


def decode(path: Path, pixels: bool = True) -> tuple[NDArray[np.float32] | None, dict[str, Any], list[str]]:
    """Decode a file or series folder: pixels (C, *S) or None, facts, warnings."""
    answer = _GUARD.ask(path, pixels)
    try:
        return _taken(path, answer), answer["facts"], answer["warnings"]
    except (Refused, OSError, ValueError) as error:
        raise UnreadableImage(f"{path} cannot be read: {error}.", "Restore the file from its source.") from None


def _taken(path: Path, answer: dict[str, Any]) -> NDArray[np.float32] | None:
    if "mapped" in answer:
        place, poured = answer["mapped"], answer.get("poured")
        if "slices" in place:
            return plain.read(path, place)
        try:
            return nifti.read(Path(poured or path), place)
        finally:
            if poured:
                Path(poured).unlink()
    if "pixels" not in answer:
        return None
    made = Path(answer["pixels"])
    array: NDArray[np.float32] = np.memmap(made, np.float32, "r+", shape=tuple(answer["shape"]))
    made.unlink()
    return np.asarray(array).transpose(np.argsort(answer["order"]))


def decode_raw(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any], list[str]]:
    """Decode a file of raw data: its arrays by name, as the file orders them, facts, warnings."""
    answer = _GUARD.ask(path, True)
    place = Path(answer["poured"]) if "poured" in answer else path
    try:
        found: dict[str, NDArray[Any]] = {
            name: np.memmap(place, p["dtype"], "c", p["offset"], tuple(p["shape"]), order=p["order"])
            for name, p in answer.get("parts", {}).items()
        }
    except (OSError, ValueError) as error:
        raise UnreadableImage(f"{path} cannot be read: {error}.", "Restore the file from its source.") from None
    finally:
        if "poured" in answer:
            place.unlink()
    return found, answer["facts"], answer["warnings"]
