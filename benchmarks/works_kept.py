"""Twins that have been trained already: their weights lie in `runs/benchmarks/twins`, which git does not keep."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from adversaria import __version__
from adversaria.data import phantoms
from adversaria.games import Game

PLACE = Path(__file__).parent.parent / "runs" / "benchmarks" / "twins"


def remembered(game: Game, what: object, learn: Callable[[], tuple[int, float]]) -> tuple[int, float]:
    """Train a game, or load what was learned when the same `what` (recipe, stages, budget) was trained before.

    The source of the game's own modules and of the phantoms is part of it. `learn` trains the game in place and gives
    plays and CPU seconds, which are given here too.
    """
    said = repr((what, torch.__version__, __version__, written(game)))
    place = PLACE / f"{hashlib.sha256(said.encode()).hexdigest()[:24]}.safetensors"
    if place.is_file():
        game.load_state_dict(load_file(place))
        with safe_open(place, "pt") as file:
            facts = file.metadata()
        return int(facts["plays"]), float(facts["seconds"])
    plays, seconds = learn()
    PLACE.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{id(game)}.part")
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in game.state_dict().items()}
    save_file(tensors, part, {"plays": str(plays), "seconds": str(seconds)})
    part.replace(place)
    return plays, seconds


def written(game: Game) -> str:
    """A hash of the files that a game's modules, and all phantoms, are written in."""
    names = {kind.__module__ for module in game.modules() for kind in type(module).__mro__}
    files = {str(sys.modules[name].__file__) for name in names if name.startswith(("adversaria", "benchmarks"))}
    files |= {str(path) for path in Path(phantoms.__file__).parent.glob("*.py")}
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in sorted(files))).hexdigest()
