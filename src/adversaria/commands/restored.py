"""A trained run brought back: its recipe, its game with the weights that are to be used, its scales."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adversaria.data.intensity import Scale
from adversaria.data.prepare import scale_of
from adversaria.engine import checkpoint as saving
from adversaria.engine.averages import Averages
from adversaria.engine.state import freeze, load_state, replica_buffers
from adversaria.games.game import Game
from adversaria.recipes.yaml import nodes
from adversaria.run import Run, read_json
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Restored:
    """A game ready for use, in eval mode, with averaged weights where the recipe averages."""

    run: Run
    recipe: Any
    game: Game
    shapes: dict[str, tuple[int, ...]]
    scales: dict[str, Scale]
    unit: str
    plays: int
    seed: int
    said: str

    @property
    def identity(self) -> str:
        """Name the model and the weights, for marks on what it makes."""
        return f"{self.recipe.name} after {self.plays} plays"


def restore(
    folder: Path, which: str = "newest", weights: Mapping[str, Path] | None = None, trust: bool = False
) -> Restored:
    """Bring back a run. `which` is newest, best, or a number of plays.

    Weights that only a loss looks through need not be given again: without them the restored game can be used, and not
    trained.
    """
    from adversaria.recipes import build_game, read_recipe

    run = Run(folder)
    if not run.recipe.exists():
        raise UserError(f"{folder} is not a run folder: it has no recipe.yaml.", "Give the folder that train wrote.")
    recipe = read_recipe(str(run.recipe), trust=trust)
    facts, data = read_json(run.environment), read_json(run.data)
    recipe.name = facts["recipe"]
    if "vgg19" not in (weights or {}):  # losses are not used any more: let them look through the discriminator
        for node in nodes(recipe.game):
            if node.arguments.get("features") == "vgg19":
                node.arguments["features"] = "discriminator"
    found = _choose(run, which)
    shapes = {word: tuple(shape) for word, shape in found.facts["shapes"].items()}
    game = build_game(recipe, shapes, recipe.dims(), seed=facts["seed"], weights=dict(weights or {}), run=folder)
    freeze(game)
    load_state(game, {**found.tensors["game"], **{n: b for n, b in replica_buffers(game).items()}})
    average = dict(recipe.training().average)
    if average:
        averages = Averages(game, average)
        averages.restore(found.tensors["averages"])
        averages.swap()
    game.eval()
    scales = {word: scale_of(stated) for word, stated in data["normalisation"].items()}
    averaged = ", averaged weights" if average else ""
    said = f"using the {which} checkpoint of {run.folder.name} (play {found.plays}{averaged})"
    unit = data["units"].get("target", "arbitrary")
    return Restored(run, recipe, game, shapes, scales, unit, found.plays, facts["seed"], said)


def _choose(run: Run, which: str) -> saving.Checkpoint:
    if which == "newest":
        found = saving.newest(run.checkpoints)
    elif which == "best":
        latest = saving.newest(run.checkpoints)
        best = latest.facts.get("best") if latest else None
        found = saving.read(saving.path_of(run.checkpoints, best[0])) if best else latest
    elif which.isdigit():
        found = saving.read(saving.path_of(run.checkpoints, int(which)))
    else:
        raise UserError(f"there is no checkpoint '{which}'.", "Choose newest, best, or a number of plays.")
    if found is None:
        raise UserError(f"{run.folder} holds no whole checkpoint.", "Train first, or wait for the first checkpoint.")
    return found
