"""Stages: games that are played one after the other, each beginning with networks of those before.

`stages:` is a list of `{game, train}`; everything else in the recipe holds for all. A recipe that has stages is read
as its last one, which knows the `earlier` ones. In a run each earlier stage has a folder, and the run's own is the
last one's.
"""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from adversaria.engine import checkpoint
from adversaria.networks.transfer import Frozen, inflate
from adversaria.recipes.construct import Builder
from adversaria.recipes.names import member, near, parameters
from adversaria.recipes.origin import From, Inflated, Origin
from adversaria.recipes.recipe import Recipe
from adversaria.recipes.yaml import Node
from adversaria.vocabulary import RAW, UserError

KEYS = ("game", "train")
Shapes = Mapping[str, tuple[int, ...]]


def divided(recipe: Recipe) -> Recipe:
    """Give the last stage of a recipe that states `stages`, with the earlier ones; other recipes as they are."""
    stated = recipe.tree.get("stages")
    if stated is None:
        return recipe
    if not isinstance(stated, list) or not stated or not all(isinstance(stage, dict) for stage in stated):
        raise UserError(f"{recipe.name}: stages are a list.", "Write stages: [{game: ..., train: ...}, ...].")
    if "game" in recipe.tree:
        raise UserError(f"{recipe.name} has a game beside its stages.", "Give each stage its game.")
    wrong = [key for stage in stated for key in stage if key not in KEYS]
    if wrong:
        raise UserError(
            f"{recipe.name}: a stage has no '{wrong[0]}'.", near(wrong[0], KEYS) or "It has game and train."
        )
    common = {key: value for key, value in recipe.tree.items() if key != "stages"}
    found: list[Recipe] = []
    for stage in stated:
        train = {**common.get("train", {}), **stage.get("train", {})}
        tree = {**common, "game": stage.get("game"), "train": train}
        found.append(replace(recipe, tree=tree, earlier=list(found)))
    return found[-1]


def addressed(tree: Mapping[str, Any], path: str) -> str:
    """Where a dotted path leads in a recipe with stages: `game` and `train` stand for the last stage's."""
    last = len(tree["stages"]) - 1 if isinstance(tree.get("stages"), list) else None
    return f"stages.{last}.{path}" if last is not None and path.split(".")[0] in KEYS else path


def folder_of(run: Path, stage: int) -> Path:
    """The folder of an earlier stage, beside or below that of a later one."""
    below = run / f"stage-{stage}"
    return below if below.is_dir() else run.parent / f"stage-{stage}"


class Earlier:
    """The networks of a recipe's earlier stages; with `run`, the folder of this one, with what they learned."""

    def __init__(self, recipe: Recipe, shapes: Shapes, weights: Mapping[str, Path], run: Path | None):
        self.recipe, self.shapes, self.weights, self.run = recipe, shapes, weights, run

    def network(self, node: Node, where: str, given: Mapping[str, Any]) -> nn.Module:
        """Build what `!From` or `!Inflated` names."""
        kind = From if node.tag == "From" else Inflated
        origin: Origin = kind(**Builder().arguments(kind, node.arguments, where, {}))
        if not 1 <= origin.stage <= len(self.recipe.earlier):
            raise UserError(
                f"{where}: there is no stage {origin.stage} before this one.",
                f"Stages count from 1; before it {len(self.recipe.earlier)} were played.",
            )
        stage = self.recipe.earlier[origin.stage - 1]
        folder = None if self.run is None else folder_of(self.run, origin.stage)
        state = None if folder is None else _learned(folder)
        shapes = _shapes(stage, self.shapes) if state is None else state.facts["shapes"]
        player, name = _named(stage, origin.player, where)
        inner = Earlier(stage, shapes, self.weights, folder)
        source, facts = _node(stage, name, shapes, where)
        learned = None if state is None else _tensors(state, player, name, stage)
        if isinstance(origin, Inflated):
            return self.inflated(stage, source, facts, given, learned, where, inner)
        _compare(source, facts, given, stage, name, where)
        network = _made(stage, source, facts, self.weights, where, inner)
        if learned is not None:
            _fill(network, learned, where)
        return Frozen(network) if origin.frozen else network

    def inflated(
        self,
        stage: Recipe,
        source: Node,
        facts: Mapping[str, Any],
        given: Mapping[str, Any],
        state: Mapping[str, Tensor] | None,
        where: str,
        inner: "Earlier",
    ) -> nn.Module:
        """Build the network for volumes, and fill it with the flat one's weights."""
        if facts.get("dims") != 2 or given.get("dims") != 3:
            raise UserError(
                f"{where}: weights are inflated from two to three dimensions, and these stages have "
                f"{facts.get('dims')} and {given.get('dims')}.",
                "Give the first a patch of two sides and the second one of three, or write !From.",
            )
        _compare(source, {**facts, "dims": 3}, given, stage, "network", where)
        deep = _made(stage, source, {**facts, "dims": 3}, self.weights, where, inner)
        flat = _made(stage, source, facts, self.weights, where, inner)
        return inflate(dict(flat.state_dict()) if state is None else state, deep)


def _made(
    stage: Recipe, node: Node, facts: Mapping[str, Any], weights: Mapping[str, Path], where: str, inner: Earlier
) -> nn.Module:
    made: nn.Module = Builder(weights, stage.extra, inner.network).make(node, nn.Module, where, facts)
    return made


def _learned(folder: Path) -> checkpoint.Checkpoint:
    """The newest checkpoint of an earlier stage."""
    found = checkpoint.newest(folder / "checkpoints")
    if found is None:
        raise UserError(f"{folder} holds no whole checkpoint.", "Train the run again: it begins with that stage.")
    return found


def _named(stage: Recipe, wanted: str, where: str) -> tuple[str, str]:
    """The player, and which of its networks is meant: by the player's name, or by the network's own."""
    players = getattr(member(stage.game, where, stage.extra), "players", {})
    networks = {name: player for player, names in players.items() for name in names}
    if wanted in networks:
        return networks[wanted], wanted
    if wanted not in players:
        raise UserError(
            f"{where}: no player of stage {len(stage.earlier) + 1} is called '{wanted}'.",
            near(wanted, [*players, *networks]) or f"Its players are {', '.join(players)}.",
        )
    if len(players[wanted]) > 1:
        raise UserError(
            f"{where}: the player '{wanted}' has several networks.", f"Name one of {', '.join(players[wanted])}."
        )
    return wanted, players[wanted][0]


def _shapes(stage: Recipe, shapes: Shapes) -> Shapes:
    """What the words were to an earlier stage that was not played: the same channels, on its own patch."""
    dims, patch = stage.dims(), stage.training().patch
    return {
        word: shape if word in RAW or len(shape) < 3 else (shape[0], *(patch or shape[1 : dims + 1]))
        for word, shape in shapes.items()
    }


def _node(stage: Recipe, name: str, shapes: Shapes, where: str) -> tuple[Node, dict[str, Any]]:
    """The node of a network in its stage's game, and what the game told it of the data."""
    from adversaria.recipes.build import facts_of

    node = stage.game.arguments.get(name)
    if not isinstance(node, Node):
        raise UserError(f"{where}: stage {len(stage.earlier) + 1} states no '{name}'.", "Name another network.")
    kind: Any = member(stage.game, where, stage.extra)
    known = inspect.signature(kind.wiring).parameters
    wires = kind.wiring(**{k: v for k, v in stage.game.arguments.items() if k in known}).get(name, {})
    return node, facts_of(stage, wires, shapes, stage.dims())


def _compare(
    node: Node, facts: Mapping[str, Any], given: Mapping[str, Any], stage: Recipe, name: str, where: str
) -> None:
    """Refuse a network that works on other channels, sizes or dimensions than it now would."""
    known = parameters(member(node, where, stage.extra)) if node.tag not in ("From", "Inflated") else facts
    for fact, value in given.items():
        if fact in known and fact in facts and fact not in node.arguments and facts[fact] != value:
            raise UserError(
                f"{where}: the {name} of stage {len(stage.earlier) + 1} has {fact} {facts[fact]}, and {value} is "
                "needed here.",
                "Bind and cut both stages alike, or write !Inflated to go from 2 to 3 dimensions.",
            )


def _tensors(state: checkpoint.Checkpoint, player: str, name: str, stage: Recipe) -> dict[str, Tensor]:
    """The weights that a stage left in one network: averaged ones where it averages."""
    found = {n.removeprefix(f"{name}."): t for n, t in state.tensors["game"].items() if n.startswith(f"{name}.")}
    if player in stage.training().average:
        first = f"{player}/{name}."
        found |= {n.removeprefix(first): t for n, t in state.tensors["averages"].items() if n.startswith(first)}
    return found


def _fill(network: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Write what was learned; what was frozen then was filled when it was built."""
    own = network.state_dict()
    kept = {n for n, p in network.named_parameters() if getattr(p, "frozen", False)}
    wrong = [n for n in own.keys() - kept if n not in tensors or tensors[n].shape != own[n].shape]
    wrong += [n for n in tensors if n not in own]
    if wrong:
        raise UserError(
            f"{where}: what the earlier stage learned does not fit: '{sorted(wrong)[0]}' differs.",
            "Train that stage again, in another --out folder.",
        )
    with torch.no_grad():
        for name, tensor in tensors.items():
            if not own[name].is_meta:
                own[name].copy_(tensor)
