"""Which classes a recipe may name, and what an argument may hold."""

import difflib
import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from torch import nn

from adversaria import engine, games, losses, networks, physics
from adversaria.data import feed, grid, intensity, phantoms
from adversaria.recipes import origin
from adversaria.recipes.yaml import Node
from adversaria.vocabulary import UserError

_BASES = {
    "Game",
    "Objective",
    "Penalty",
    "Augmentation",
    "DeepinvPhysics",
    "FDivergence",
    "Operator",
    "Phantom",
    "Sampling",
    "Score",
    "Terms",
    "Trajectory",
    "Weighted",
}
_SCALINGS = ("Labels", "Peak", "Percentile", "Shared", "Window")
_GRIDS = ("Centred", "Resized")
_SAMPLINGS = ("Foreground", "Uniform")
_SCHEDULES = ("Constant", "LinearDecay")


@cache
def members() -> dict[str, type]:
    """Every class that a tag may name, by name; names are unique over the rooms."""
    found: dict[str, type] = {}
    rooms: list[tuple[Any, Sequence[str]]] = [
        (games, games.__all__),
        (networks, networks.__all__),
        (losses, losses.__all__),
        (physics, physics.__all__),
        (phantoms, phantoms.__all__),
        (intensity, _SCALINGS),
        (grid, _GRIDS),
        (feed, _SAMPLINGS),
        (engine, _SCHEDULES),
        (origin, origin.ORIGINS),
    ]
    for room, names in rooms:
        for name in names:
            member = getattr(room, name)
            if name in _BASES or not isinstance(member, type):
                continue
            if name in found:
                raise RuntimeError(f"two members are called {name}")
            found[name] = member
    return found


def member(node: Node, where: str, extra: Mapping[str, type] | None = None) -> type:
    """Find the class that a tag names, or suggest near ones."""
    known = {**members(), **(extra or {})}
    if node.tag in known:
        return known[node.tag]
    raise UserError(
        f"{where}: there is no member '{node.tag}'.",
        near(node.tag, known) or "See `adversaria list networks` and the like.",
    )


def near(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    """Suggest what was meant."""
    folded = {name.lower(): name for name in known}
    close = [folded[c] for c in difflib.get_close_matches(word.lower(), folded, 3, 0.6)]
    return f"Did you mean {' or '.join(close)}?" if close else ""


@cache
def hints(kind: type) -> dict[str, Any]:
    """Annotations of a constructor's arguments."""
    return {k: v for k, v in typing.get_type_hints(kind.__init__).items() if k != "return"}  # type: ignore[misc]


def parameters(kind: type) -> dict[str, inspect.Parameter]:
    """The arguments of a constructor."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: p for name, p in inspect.signature(kind).parameters.items() if p.kind not in several}


def admits(annotation: Any, kind: type) -> bool:
    """Whether an argument annotated so may hold an instance of this class."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(admits(part, kind) for part in typing.get_args(annotation))
    if annotation is nn.Module:
        # a network that physics take part in lies beside them
        ours = kind.__module__.startswith("adversaria.") and not hasattr(kind, "reads")
        return not ours or kind.__module__.startswith(("adversaria.networks.", "adversaria.physics.consistency"))
    return isinstance(annotation, type) and issubclass(kind, annotation)


def fit(value: Any, annotation: Any, where: str) -> Any:
    """Check a plain value against an annotation and bring it to that type (lists to tuples, int to float)."""
    made, fits = _fit(value, annotation)
    if not fits:
        raise UserError(f"{where}: {value!r} is not {_said(annotation)}.", "Mend the value.")
    return made


def _fit(value: Any, annotation: Any) -> tuple[Any, bool]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        for part in arguments:
            made, fits = _fit(value, part)
            if fits:
                return made, True
        return value, False
    if annotation is Any:
        return value, True
    if annotation is type(None):
        return None, value is None
    if annotation is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return (float(value) if number else value), number
    if annotation in (int, str, bool):
        return value, type(value) is annotation
    if origin in (tuple, list, Sequence) or annotation in (tuple, list):
        return _fit_list(value, origin or annotation, arguments)
    return value, False


def _fit_list(value: Any, origin: Any, arguments: tuple[Any, ...]) -> tuple[Any, bool]:
    if not isinstance(value, list | tuple):
        return value, False
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        kinds = list(arguments)
        if len(kinds) != len(value):
            return value, False
    else:
        kinds = [arguments[0] if arguments else Any] * len(value)
    pairs = [_fit(v, kind) for v, kind in zip(value, kinds, strict=True)]
    return tuple(v for v, _ in pairs), all(fits for _, fits in pairs)


def _said(annotation: Any) -> str:
    text = getattr(annotation, "__name__", None) if not typing.get_args(annotation) else None
    return str(text or annotation).replace("typing.", "").replace("collections.abc.", "")
