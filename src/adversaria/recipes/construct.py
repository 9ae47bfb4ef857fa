"""From nodes to objects: the signature is the schema."""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from adversaria.losses import Terms, Weighted
from adversaria.recipes.names import admits, fit, hints, member, members, near, parameters
from adversaria.recipes.origin import ORIGINS
from adversaria.recipes.trained import fill
from adversaria.recipes.yaml import Node
from adversaria.vocabulary import UserError

Wiring = Mapping[str, Any]


class Builder:
    """Builds objects from nodes.

    `weights` are files of pretrained feature networks, `extra` trusted classes; `earlier` gives networks of earlier
    stages, where there are any.
    """

    def __init__(
        self,
        weights: Mapping[str, Path] | None = None,
        extra: Mapping[str, type] | None = None,
        earlier: Callable[[Node, str, Mapping[str, Any]], nn.Module] | None = None,
    ):
        self.weights, self.extra, self.earlier = dict(weights or {}), dict(extra or {}), earlier

    def make(self, node: Node, annotation: Any, where: str, given: Mapping[str, Any] | None = None) -> Any:
        """Build what a node names; `given` are arguments that the recipe leaves to us."""
        if node.tag in ORIGINS:
            if self.earlier is None or not (annotation is Any or annotation is nn.Module):
                raise UserError(f"{where}: {node.tag} cannot stand here.", "It stands for a network of a game.")
            return self.earlier(node, where, given or {})
        kind = member(node, where, self.extra)
        if annotation is not Any and not admits(annotation, kind):
            raise UserError(
                f"{where}: {node.tag} cannot stand here.",
                f"It takes {getattr(annotation, '__name__', annotation)}.",
            )
        return kind(**self.arguments(kind, node.arguments, where, given or {}))

    def arguments(self, kind: type, stated: Mapping[str, Any], where: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Check and build the arguments of a class."""
        known, annotations = parameters(kind), hints(kind)
        built: dict[str, Any] = {name: value for name, value in given.items() if name in known}
        for name, value in stated.items():
            if name not in known:
                raise UserError(
                    f"{where}: {kind.__name__} has no argument '{name}'.",
                    near(name, known) or f"It takes {', '.join(known)}.",
                )
            wraps = getattr(kind, "wraps", {})
            inner = {**given, **wraps[name]} if name in wraps else {}
            built[name] = self.value(value, annotations.get(name, Any), f"{where}.{name}", inner)
        missing = [name for name, p in known.items() if p.default is inspect.Parameter.empty and name not in built]
        if missing:
            raise UserError(f"{where}: {kind.__name__} needs '{missing[0]}'.", f"Write {missing[0]}: ...")
        return built

    def value(self, value: Any, annotation: Any, where: str, given: Mapping[str, Any] | None = None) -> Any:
        """Build one argument; `given` is what a network that wraps others tells them."""
        if isinstance(value, Node):
            return self.make(value, annotation, where, given)
        if isinstance(value, list) and any(isinstance(part, Node) for part in value):
            (kind,) = typing.get_args(annotation) or (Any,)
            return [self.value(part, kind, f"{where}.{n}", given) for n, part in enumerate(value)]
        if annotation is Terms:
            return self.terms(value, where)
        if value == "vgg19" and where.endswith(".features"):
            from adversaria.losses.vgg import VGG19Features

            return VGG19Features(self.weights.get("vgg19"))
        return fit(value, annotation, where)

    def terms(self, value: Any, where: str) -> Terms:
        """Build weighted terms from `name: weight` or `name: !Term {weight: ..., ...}`."""
        if not isinstance(value, dict):
            raise UserError(f"{where}: terms are a mapping.", "Write name: weight, or name: !Term {weight: 1}.")
        return Terms({name: self.term(name, part, f"{where}.{name}") for name, part in value.items()})

    def term(self, name: str, part: Any, where: str) -> Weighted:
        """Build one weighted term."""
        if isinstance(part, Node):
            arguments = {k: v for k, v in part.arguments.items() if k != "weight"}
            trained = self.trained(name, part, arguments, where)
            term = self.make(Node(part.tag, arguments, part.line), Any, where, trained)
            if not isinstance(term, nn.Module) or not getattr(type(term), "key", "").startswith("L"):
                raise UserError(f"{where}: {part.tag} is not a loss term.", "See `adversaria list losses`.")
            return Weighted(term, fit(part.arguments.get("weight", 1.0), float, f"{where}.weight"))
        terms = named_terms()
        if name not in terms:
            raise UserError(
                f"{where}: there is no term '{name}'.",
                near(name, terms) or f"There are {', '.join(sorted(terms))}.",
            )
        return Weighted(terms[name](), fit(part, float, where))

    def trained(self, name: str, part: Node, arguments: dict[str, Any], where: str) -> dict[str, nn.Module]:
        """Take the networks out of a term's arguments and build them, filled from the file given by its name."""
        known = parameters(member(part, where, self.extra))
        found: dict[str, nn.Module] = {}
        for argument, value in list(arguments.items()):
            if argument in known and isinstance(value, Node) and admits(nn.Module, member(value, where, self.extra)):
                network = self.make(value, nn.Module, f"{where}.{argument}")
                found[argument] = fill(network, name, self.weights.get(name))
                del arguments[argument]
        return found


def named_terms() -> dict[str, type]:
    """The loss terms by the names that stand for them with their defaults."""
    return {
        snake(name): kind
        for name, kind in members().items()
        if kind.__module__.startswith("adversaria.losses") and re.fullmatch(r"L\d+", getattr(kind, "key", ""))
    }


def snake(name: str) -> str:
    """Write a class name as a word."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
