"""Does every shipped recipe play? Two plays of its reduced form on its own phantom, by the command that users type."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.result import Found, Goal

SUBJECTS = {"train": 2, "validation": 1, "test": 1}


def section() -> Found:
    """Play them all; the game and the phantom of a recipe that plays play too."""
    from adversaria.recipes.recipe import shipped

    rows, evidence = [], {}
    for name, path in shipped().items():
        begun = time.process_time()
        said = played(name)
        rows.append([name, path.parent.name, said, f"{time.process_time() - begun:.0f}"])
        kind = "works" if path.parent.name == "works" else "recipes"
        evidence[f"{kind}/{name}"] = {"plays": "ok" if said == "ok" else "fails"}
    good = sum(row[2] == "ok" for row in rows)
    return Found(
        "Every recipe plays",
        "Two plays of each shipped recipe in its reduced form on its phantom, three subjects.",
        ("recipe", "kind", "plays", "CPU s"),
        rows,
        [Goal("every recipe plays", f"{len(rows)}", f"{good}", good == len(rows))],
        [],
        evidence,
    )


def played(name: str) -> str:
    """Say ok, or what went wrong."""
    from adversaria.commands.train import train_recipe
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    # networks that grow take a play a phase to their full size
    grows = "phase" in read_recipe(name).game.arguments
    recipe = read_recipe(name, changes=["train.plays=16", "game.phase=1"] if grows else ["train.plays=2"])
    recipe.tree["subjects"] = SUBJECTS
    with TemporaryDirectory() as scratch:
        try:
            train_recipe(recipe, Run(Path(scratch)), accelerator="cpu", quiet=True)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return "ok"
