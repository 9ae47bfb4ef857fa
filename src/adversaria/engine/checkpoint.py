"""Checkpoints that survive kill -9 and a full disk: safetensors and JSON, hashes last, no pickle."""

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from adversaria.vocabulary import UserError

MANIFEST = "manifest.json"
STATE = "state.json"
_PREFIX = "plays-"
_WRITING = ".writing-"


@dataclass
class Checkpoint:
    """Everything a run needs to go on: named groups of tensors, and small facts as JSON."""

    plays: int
    tensors: dict[str, dict[str, Tensor]]
    facts: dict[str, Any] = field(default_factory=dict)


def path_of(folder: Path, plays: int) -> Path:
    """Name the folder of the checkpoint after so many plays."""
    return folder / f"{_PREFIX}{plays:09d}"


def write(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write beside the target, flush every file to disk, write the hashes last, then rename."""
    target = path_of(folder, checkpoint.plays)
    temporary = folder / f"{_WRITING}{target.name}-{os.getpid()}"
    needed = sum(t.nbytes for group in checkpoint.tensors.values() for t in group.values())
    try:
        temporary.mkdir(parents=True)
        hashes = {}
        for name, group in checkpoint.tensors.items():
            unique, aliases = _once(group)
            hashes[f"{name}.safetensors"] = _put(temporary / f"{name}.safetensors", save(unique))
            checkpoint.facts.setdefault("aliases", {})[name] = aliases
        facts = {"plays": checkpoint.plays, **checkpoint.facts}
        hashes[STATE] = _put(temporary / STATE, json.dumps(facts, indent=1).encode())
        _put(temporary / MANIFEST, json.dumps(hashes, indent=1).encode())
        _flush(temporary)
        if target.exists():
            shutil.rmtree(target)
        os.replace(temporary, target)
        _flush(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise UserError(
            f"cannot save a checkpoint in {folder} ({needed} bytes): {error.strerror or error}.",
            "Earlier checkpoints are intact. Free some space and run the same command again: it continues.",
        ) from None
    return target


def read(path: Path) -> Checkpoint:
    """Read one checkpoint, or raise UserError if any byte of it is not what was written."""
    try:
        hashes = json.loads((path / MANIFEST).read_bytes())
        for name, digest in hashes.items():
            if Path(name).name != name or _digest((path / name).read_bytes()) != digest:
                raise ValueError(f"{name} is damaged")
        facts = json.loads((path / STATE).read_bytes())
        tensors = {name.removesuffix(".safetensors"): load_file(path / name) for name in hashes if name != STATE}
        for group, aliases in facts.pop("aliases", {}).items():
            tensors[group].update({alias: tensors[group][name] for alias, name in aliases.items()})
        return Checkpoint(facts.pop("plays"), tensors, facts)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(
            f"the checkpoint {path} is damaged: {error}", "Delete it, and an earlier one is used."
        ) from None


def listed(folder: Path) -> list[Path]:
    """List the checkpoints of a run, oldest first."""
    return sorted(p for p in folder.glob(f"{_PREFIX}*") if p.is_dir())


def newest(folder: Path, say: Callable[[str], None] = warnings.warn) -> Checkpoint | None:
    """Read the newest whole checkpoint; a damaged one is named loudly and the one before it is used."""
    for path in reversed(listed(folder)):
        try:
            return read(path)
        except UserError as error:
            say(f"{error.message}; using the previous checkpoint instead")
    return None


def tidy(folder: Path) -> None:
    """Remove what a killed process was writing."""
    for stray in folder.glob(f"{_WRITING}*"):
        shutil.rmtree(stray, ignore_errors=True)


def prune(folder: Path, best: int | None, every: int | None) -> None:
    """Keep the two newest, the best by the stated validation measure, and every `every`-th play."""
    paths = listed(folder)
    for path in paths[:-2]:
        plays = int(path.name.removeprefix(_PREFIX))
        if plays != best and not (every and plays % every == 0):
            shutil.rmtree(path, ignore_errors=True)


def digest_of(tensors: Mapping[str, Tensor]) -> str:
    """Hash named tensors, to recognise frozen networks."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        total.update(name.encode())
        total.update(tensors[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()


def _once(group: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    first: dict[tuple[int, torch.Size], str] = {}
    unique, aliases = {}, {}
    for name, tensor in group.items():
        tensor = tensor.detach().cpu().contiguous()
        place = (tensor.data_ptr() if tensor.numel() else id(tensor), tensor.shape)
        if place in first:
            aliases[name] = first[place]
        else:
            first[place] = name
            unique[name] = tensor
    return unique, aliases


def _put(path: Path, content: bytes) -> str:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return _digest(content)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
