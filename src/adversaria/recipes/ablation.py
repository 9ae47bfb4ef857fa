"""Which parts of a recipe's objective can be switched off, one at a time."""

import inspect
from typing import Any

from adversaria.recipes.names import member, parameters
from adversaria.recipes.recipe import Recipe
from adversaria.recipes.resolve import filled, tree_of
from adversaria.recipes.yaml import Node

WEIGHTS = (
    "adversarial", "categorical", "classification", "condition", "continuous", "cycle", "divergence", "drift",
    "entropy", "features", "field", "hard", "identity", "information", "lightness", "likelihood", "matching",
    "orthogonal", "paired", "paired_cycle", "perceptual", "pixel", "projection", "pulling_away", "reconstruction",
    "regularisation", "semantic", "shape", "similarity", "smoothness", "supervised", "task", "unlabelled",
    "unsupervised", "wasserstein",
)  # fmt: skip


def toggles(recipe: Recipe) -> dict[str, str]:
    """Every weighted part of the objective that is on: its short name, and the dotted path of its weight.

    These are the terms of the game, numbers among its arguments that weigh a loss (WEIGHTS, or called a
    weight), and penalties. Set to 0 a part is off; nothing else about the game changes.
    """
    found: dict[str, str] = {}
    for name, value in _arguments(recipe).items():
        path = f"game.{name}"
        if name == "weight" or name.endswith("_weight") or name in WEIGHTS and not isinstance(value, dict | Node):
            if _on(value):
                found[name.removesuffix("_weight")] = path
        elif isinstance(value, dict):
            for part, term in value.items():
                if _on(term.arguments.get("weight", 1.0) if isinstance(term, Node) else term):
                    place = f"{path}.{part}.weight" if isinstance(term, Node) else f"{path}.{part}"
                    found[part if part not in found else f"{name}-{part}"] = place
        elif isinstance(value, Node) and "penalty" in name and _on(filled(value, recipe).arguments.get("weight")):
            found[name] = f"{path}.weight"
    return found


def _arguments(recipe: Recipe) -> dict[str, Any]:
    """What the game is given, and its defaults."""
    known = parameters(member(recipe.game, recipe.name, recipe.extra))
    defaults = {n: tree_of(p.default) for n, p in known.items() if p.default is not inspect.Parameter.empty}
    return {**defaults, **recipe.game.arguments}


def _on(weight: object) -> bool:
    return isinstance(weight, int | float) and not isinstance(weight, bool) and weight != 0
