"""From a recipe and the shapes of the data to a game."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from adversaria.draws import seed_of
from adversaria.games.game import Game
from adversaria.recipes.construct import Builder
from adversaria.recipes.names import hints, member, parameters
from adversaria.recipes.origin import ORIGINS
from adversaria.recipes.recipe import Recipe
from adversaria.recipes.stages import Earlier
from adversaria.recipes.yaml import Node
from adversaria.vocabulary import UserError

BUDGET = 500_000_000
Shapes = Mapping[str, tuple[int, ...]]


def build_game(
    recipe: Recipe,
    shapes: Shapes,
    dims: int,
    seed: int = 0,
    weights: Mapping[str, Path] | None = None,
    budget: int = BUDGET,
    run: Path | None = None,
) -> Game:
    """Build the game of a recipe for words of these shapes (C, *S); initial weights are keyed by the seed.

    It is built without memory first, and refused if it has more than `budget` parameters. Networks of earlier stages
    are taken from the folders of `run`; without one they are built as they began.
    """
    with torch.device("meta"):
        sketch = _build(recipe, shapes, dims, _builder(recipe, shapes, weights, None))
    count = sum(p.numel() for p in sketch.parameters())
    if count > budget:
        raise UserError(
            f"{recipe.name} would have {count:,} parameters, more than {budget:,}.",
            "Lower its widths or depths.",
        )
    state = torch.get_rng_state()
    try:
        torch.manual_seed(seed_of("start", seed))
        game = _build(recipe, shapes, dims, _builder(recipe, shapes, weights, run))
    finally:
        torch.set_rng_state(state)
    idle = [player for player in game.players if not game.parameters_of(player)]
    if idle and recipe.earlier:
        raise UserError(
            f"{recipe.name}: every network of the player '{idle[0]}' is frozen.", "Leave out frozen for one of them."
        )
    return game


def _builder(recipe: Recipe, shapes: Shapes, weights: Mapping[str, Path] | None, run: Path | None) -> Builder:
    earlier = Earlier(recipe, shapes, dict(weights or {}), run) if recipe.earlier else None
    return Builder(weights, recipe.extra, earlier.network if earlier else None)


def _build(recipe: Recipe, shapes: Shapes, dims: int, builder: Builder) -> Game:
    node = recipe.game
    kind = member(node, f"{recipe.name}: game", recipe.extra)
    if not (isinstance(kind, type) and issubclass(kind, Game)):
        raise UserError(f"{recipe.name}: {node.tag} is not a game.", "See `adversaria list games`.")
    wiring = kind.wiring(**{k: v for k, v in node.arguments.items() if k in _wiring_arguments(kind)})
    known, annotations = parameters(kind), hints(kind)  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    stated = dict(node.arguments)
    for name, wires in wiring.items():
        if isinstance(wires, str):
            given[name] = _shape(shapes, wires, recipe)
            continue
        network = stated.pop(name, None)
        where = f"{recipe.name}: game.{name}"
        if not isinstance(network, Node):
            raise UserError(f"{where} needs a network.", "Write a tag, for example !UNet {depth: 5}.")
        facts = facts_of(recipe, wires, shapes, dims)
        if network.tag in ORIGINS:
            given[name] = builder.make(network, nn.Module, where, facts)
            continue
        wanted = parameters(member(network, where, recipe.extra))
        if facts.get("condition_channels") and "condition_channels" not in wanted:
            raise UserError(f"{where}: {network.tag} takes no condition.", "Write conditional: false.")
        given[name] = builder.make(network, annotations.get(name, Any), where, facts)
    game = kind(
        **builder.arguments(kind, stated, f"{recipe.name}: game", {k: v for k, v in given.items() if k in known})
    )
    assert isinstance(game, Game)
    return game


def facts_of(recipe: Recipe, wires: Mapping[str, Any], shapes: Shapes, dims: int) -> dict[str, Any]:
    """What a network is told of the data: its dimensions, and the words that its game wires to its arguments."""
    facts: dict[str, Any] = {
        "dims": dims,
        **{argument: _fact(argument, word, shapes, recipe) for argument, word in wires.items()},
    }
    if isinstance(sized := wires.get("size"), str):
        facts["shape"] = _shape(shapes, sized.partition("+")[0], recipe)[1:]
    return facts


def _wiring_arguments(kind: type[Game]) -> set[str]:
    import inspect

    return set(inspect.signature(kind.wiring).parameters)


def _shape(shapes: Shapes, word: str, recipe: Recipe) -> tuple[int, ...]:
    if word not in shapes:
        raise UserError(
            f"{recipe.name} does not bind '{word}', which its game reads.", f"Add it under bind: {word}: ..."
        )
    return tuple(shapes[word])


def _fact(argument: str, word: str | int, shapes: Shapes, recipe: Recipe) -> int:
    """What a network is told: a number as it stands, or that of a word, or of words joined along the channels."""
    if isinstance(word, int):
        return word
    parts = [_shape(shapes, part, recipe) for part in word.split("+")]
    size = parts[0][1:]
    if argument != "size":
        return sum(channels for channels, *_ in parts)
    # a network that needs one side says so itself; others ignore it
    return size[0] if len(set(size)) == 1 else min(size)
