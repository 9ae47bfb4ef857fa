"""Reading a recipe by name or from a file, with its base, its reduced form and the user's changes."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adversaria.recipes.change import changed
from adversaria.recipes.names import near
from adversaria.recipes.recipe import Recipe, check, shipped
from adversaria.recipes.stages import addressed, divided
from adversaria.recipes.yaml import LARGEST, nodes, plain, read
from adversaria.vocabulary import UserError

MOST_REDUCED = 8
_UNREDUCIBLE = ("terms", "adversarial", "penalty", "bind", "acquire", "phantom", "dims", "conditional")


def read_recipe(recipe: str, changes: Sequence[str] = (), reduced: bool = True, trust: bool = False) -> Recipe:
    """Read a shipped recipe by name, or a YAML file; apply its reduced form and changes `a.b=value`.

    A recipe with stages is given as its last stage, which knows the earlier ones.
    """
    path, name = _find(recipe)
    tree = _tree(path, name)
    extra = _trusted(tree, path, trust)
    found = Recipe(name, tree, extra)
    if reduced:
        _reduce(found)
    for change in changes:
        place, equals, text = change.partition("=")
        if not equals:
            raise UserError(f"--set {change} has no value.", "Write --set game.terms.pixel=10.")
        value = read(text, f"--set {place}") if text[:1] in "[{\"'" and text else plain(text)
        place = addressed(found.tree, place)
        found.tree, _ = changed(found.tree, place, value, name)
        found.applied = [_rewritten(text, place, value) for text in found.applied]
    found = divided(found)
    for stage in (*found.earlier, found):
        check(stage)
    return found


def _find(recipe: str) -> tuple[Path, str]:
    known = shipped()
    if recipe in known:
        return known[recipe], recipe
    path = Path(recipe)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise UserError(f"{recipe} does not exist.", "Check the path.")
        return path, path.stem
    hint = near(recipe, known) or f"There are {', '.join(known)}."
    raise UserError(f"there is no recipe '{recipe}'.", f"{hint} Or give a YAML file.")


def _tree(path: Path, name: str, with_base: bool = True) -> dict[str, Any]:
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path} is larger than {LARGEST // 1024} KiB.", "A recipe is small; take data out of it.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    tree = read(text, path.name)
    if not isinstance(tree, dict):
        raise UserError(f"{path.name} is not a recipe: it holds no keys.", "Start with game: and bind:.")
    base = tree.pop("base", None)
    if base is None:
        return tree
    if not with_base or not isinstance(base, str) or base not in shipped():
        raise UserError(f"{name}: base '{base}' is not a shipped recipe, or has a base itself.", "Write it out.")
    return {**_tree(shipped()[base], str(base), with_base=False), **tree}


def _reduce(recipe: Recipe) -> None:
    stated = recipe.tree.pop("reduced", {}) or {}
    if not isinstance(stated, dict) or len(stated) > MOST_REDUCED:
        raise UserError(f"{recipe.name}: reduced holds at most {MOST_REDUCED} changes.", "Shorten it.")
    for path, value in stated.items():
        kept = any(part in _UNREDUCIBLE for part in path.split(".")[:-1])
        coarser = path.startswith("phantom.") and path.endswith(".size")
        if kept and not coarser and not path.endswith((".weight", ".layers")):
            raise UserError(f"{recipe.name}: reduced may not change {path}.", "It keeps losses, pairs and dimension.")
        path = addressed(recipe.tree, path)
        recipe.tree, old = changed(recipe.tree, path, value, recipe.name)
        said = "the default" if old is None else _shown(old)
        recipe.applied.append(f"{path} {_shown(value)} instead of {said}")


def _rewritten(said: str, place: str, value: Any) -> str:
    """Say what a change by the user made of a reduction."""
    if not said.startswith(f"{place} "):
        return said
    return f"{place} {_shown(value)} instead of {said.rpartition(' instead of ')[2]}"


def _shown(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def _trusted(tree: Any, path: Path, trust: bool) -> dict[str, type]:
    """Load the classes that tags of the form !./file.py:Name name, if the user trusts the recipe."""
    found: dict[str, type] = {}
    for node in nodes(tree):
        if not node.tag.startswith("./"):
            continue
        if not trust:
            raise UserError(
                f"{path.name}:{node.line}: {node.tag} runs code from a file.",
                "Read that file; if you trust it, add --trust.",
            )
        file, _, name = node.tag.partition(":")
        found[node.tag] = _load((path.parent / file).resolve(), name)
    return found


def _load(file: Path, name: str) -> type:
    if not file.is_file():
        raise UserError(f"{file} does not exist.", "A tag's file lies beside its recipe.")
    spec = importlib.util.spec_from_file_location(f"adversaria_user_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if not isinstance(getattr(module, name, None), type):
        raise UserError(f"{file.name} has no class '{name}'.", "Name one of its classes.")
    return getattr(module, name)
