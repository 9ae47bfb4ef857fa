"""A recipe fully written out, so that a changed default cannot alter a published work unseen."""

import dataclasses
import inspect
from pathlib import Path
from typing import Any

from torch import nn

from adversaria.losses import Terms
from adversaria.physics import Sampling
from adversaria.recipes.construct import named_terms
from adversaria.recipes.names import member, near, parameters
from adversaria.recipes.recipe import SUBJECTS, Recipe, TrainingFacts
from adversaria.recipes.yaml import Node, write
from adversaria.vocabulary import UserError

FOLDER = Path(__file__).parent / "resolved"
_OURS = ("dims", "in_channels", "out_channels", "condition_channels", "size", "shape")


def resolved(recipe: Recipe) -> str:
    """Write a recipe with every default that it relies on."""
    tree = {key: filled(value, recipe) for key, value in recipe.tree.items() if key not in ("game", "train")}
    if recipe.earlier:
        tree["stages"] = [_played(stage) for stage in (*recipe.earlier, recipe)]
    else:
        tree = {**{key: tree.get(key) for key in recipe.tree}, **_played(recipe)}
    tree["subjects"] = {**SUBJECTS, **recipe.tree.get("subjects", {})}
    if recipe.applied:
        tree["applied"] = list(recipe.applied)
    return write(tree).lstrip("\n")


def _played(recipe: Recipe) -> dict[str, Any]:
    """The game and the training of one stage."""
    game = filled(recipe.game, recipe)
    _forget_wired(recipe, game)
    return {"game": game, "train": _training(recipe)}


def _training(recipe: Recipe) -> dict[str, Any]:
    facts, stated = recipe.training(), recipe.tree.get("train", {})
    kind = member(recipe.game, "game", recipe.extra)
    optimisers = {**getattr(kind, "optimisers", {}), **facts.optimisers}
    found: dict[str, Any] = {}
    for entry in dataclasses.fields(TrainingFacts):
        value = getattr(facts, entry.name)
        found[entry.name] = filled(stated[entry.name], recipe) if entry.name in stated else tree_of(value)
    found["optimisers"] = {player: tree_of(optimiser) for player, optimiser in optimisers.items()}
    return found


def _forget_wired(recipe: Recipe, game: Node) -> None:
    """Leave out what the game tells its networks of the data (the number of classes), where the recipe does not say."""
    kind: Any = member(recipe.game, "game", recipe.extra)
    stated = recipe.game.arguments
    chosen = {k: v for k, v in stated.items() if k in inspect.signature(kind.wiring).parameters}
    for network, facts in kind.wiring(**chosen).items():
        node, own = game.arguments.get(network), stated.get(network)
        if isinstance(facts, dict) and isinstance(node, Node) and isinstance(own, Node):
            for argument in facts:
                if argument not in own.arguments:
                    node.arguments.pop(argument, None)


def filled(value: Any, recipe: Recipe) -> Any:
    """Add to every node the defaults of its arguments; what the data decide stays out."""
    if isinstance(value, dict):
        return {k: filled(v, recipe) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, recipe) for v in value]
    if not isinstance(value, Node):
        return value
    kind = member(value, value.tag, recipe.extra)
    arguments = {k: filled(v, recipe) for k, v in value.arguments.items()}
    for name, parameter in parameters(kind).items():
        if name in arguments or parameter.default is inspect.Parameter.empty:
            continue
        # a weight or terms may be called `shape` too
        if name not in _OURS or isinstance(parameter.default, Terms | float):
            arguments[name] = tree_of(parameter.default)
    if "terms" in arguments and isinstance(arguments["terms"], dict):
        arguments["terms"] = {n: _term(n, part, recipe) for n, part in arguments["terms"].items()}
    return Node(value.tag, arguments)


def _term(name: str, part: Any, recipe: Recipe) -> Any:
    if isinstance(part, Node):
        return part
    known = named_terms()
    if name not in known:
        raise UserError(
            f"{recipe.name}: there is no term '{name}'.",
            near(name, known) or f"There are {', '.join(sorted(known))}.",
        )
    return filled(Node(known[name].__name__, {"weight": part}), recipe)


def tree_of(value: Any) -> Any:
    """Write an object that stands as a default back as a node or a plain value."""
    if isinstance(value, Terms):
        return {
            name: Node(type(term).__name__, {"weight": value.weights[name], **_attributes(term)})
            for name, term in value.parts.items()
        }
    if isinstance(value, nn.Module | Sampling):
        return Node(type(value).__name__, _attributes(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return Node(type(value).__name__, {f.name: tree_of(getattr(value, f.name)) for f in dataclasses.fields(value)})
    if isinstance(value, tuple | list):
        return [tree_of(v) for v in value]
    if isinstance(value, dict):
        return {k: tree_of(v) for k, v in value.items()}
    return value


def _attributes(module: Any) -> dict[str, Any]:
    found = {}
    for name, parameter in parameters(type(module)).items():
        value = getattr(module, name, parameter.default)
        if value is not inspect.Parameter.empty:
            found[name] = tree_of(value)
    return found
