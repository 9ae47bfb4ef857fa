"""Changing single values of a recipe by their dotted path."""

import copy
from typing import Any

from adversaria.recipes.names import near
from adversaria.recipes.yaml import Node
from adversaria.vocabulary import UserError


def changed(tree: dict[str, Any], path: str, value: Any, name: str) -> tuple[dict[str, Any], Any]:
    """Set a dotted path to a plain value in a copy, list entries by their number from 0; give the old value too."""
    if isinstance(value, Node):
        raise UserError(f"--set {path}: a value is expected, not a tag.", "Edit a copy of the recipe instead.")
    tree = copy.deepcopy(tree)
    *places, last = path.split(".")
    here: Any = tree
    for depth, place in enumerate(places):
        if isinstance(here, Node) and place not in here.arguments:
            _write_default(here, place)
        body = _body(here)
        if place not in body and not (isinstance(here, dict) and (depth == 0 or "train" in places[:depth])):
            raise UserError(f"{name} has no '{path}'.", near(place, body))
        here = here[int(place)] if isinstance(here, list) else body.setdefault(place, {})
    if not isinstance(here, Node | dict):
        raise UserError(f"{name} has no '{path}'.", f"'{'.'.join(places)}' is a value.")
    body = _body(here)
    old = body.get(last)
    if isinstance(old, Node) and "weight" in old.arguments and isinstance(value, int | float):
        old.arguments["weight"], old = value, old.arguments["weight"]
    elif isinstance(old, Node | dict):
        raise UserError(f"{name}: '{path}' is not a value.", f"Name one of its arguments: {path}.ARGUMENT=...")
    else:
        body[last] = value
    return tree, old


def _body(here: Any) -> dict[str, Any]:
    """What a part of a recipe holds, by name or number; a plain value holds nothing."""
    if isinstance(here, list):
        return {str(n): part for n, part in enumerate(here)}
    if isinstance(here, Node):
        return here.arguments
    return here if isinstance(here, dict) else {}


def _write_default(node: Node, argument: str) -> None:
    """Write an argument's default into its node, so that a part of it can be changed."""
    from adversaria.recipes.names import members, parameters
    from adversaria.recipes.resolve import tree_of

    known = parameters(members()[node.tag]) if node.tag in members() else {}
    if argument in known and isinstance(tree := tree_of(known[argument].default), Node | dict):
        node.arguments[argument] = tree
