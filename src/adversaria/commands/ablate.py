"""A recipe without each of its terms in turn."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError

WHOLE = "whole"


def ablate(
    recipe: str,
    *,
    data: Path | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    set: Annotated[list[str] | None, Parameter(negative="")] = None,  # noqa: A002
    plays: int | None = None,
    seed: int = 0,
    full: bool = False,
    trust: bool = False,
    assume_independent: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> list[Any]:
    """Train a recipe whole, and again without each term of its objective; say what each term is worth.

    All runs have the same seed, data, batches and number of plays. A term is switched off by a weight of 0:
    terms of the game, its adversarial and other weights, its penalty. Changes are tested subject by subject
    and corrected over the whole table; the runs are kept, and continued if the command is given again.

    Parameters
    ----------
    recipe
        Name of a published work or framework, or a YAML file.
    data
        Folder of images; without it the recipe's phantom is used.
    out
        Folder for the runs, ablation.md, ablation.csv, and the comparison of all; by default runs/RECIPE-ablation.
    set
        Change a value of the recipe in every run. Repeatable.
    plays
        How many batches each run plays; overrides the recipe.
    seed
        Seed of everything random, the same in every run.
    full
        Train at the published size instead of the reduced form.
    trust
        Allow a recipe to name Python files beside it.
    assume_independent
        Loose files really come from one subject each.
    json
        Print the changes as JSON.
    quiet
        No progress.
    """
    import dataclasses
    import json as writer

    from adversaria.commands.evaluate import score_run
    from adversaria.commands.progress import console
    from adversaria.commands.train import train_recipe
    from adversaria.recipes import read_recipe
    from adversaria.recipes.ablation import toggles
    from adversaria.reports import write_comparison
    from adversaria.reports.ablation import as_csv, changes, markdown
    from adversaria.run import Run, write_atomically

    common = [*(set or []), *([f"train.plays={plays}"] if plays else [])]
    whole = read_recipe(recipe, changes=common, reduced=not full, trust=trust)
    parts = toggles(whole)
    if len(parts) < 2:
        has = f"only the term '{next(iter(parts))}'" if parts else "no weighted term"
        raise UserError(
            f"{whole.name} has {has}: without it nothing would be learned.",
            "Ablate a recipe whose objective has several weighted terms.",
        )
    base = out or Path("runs") / f"{whole.name}-ablation"
    off = {WHOLE: [], **{f"no {name}": [f"{path}=0"] for name, path in parts.items()}}
    folders = [base / name.replace(" ", "-") for name in off]
    for (name, change), folder in zip(off.items(), folders, strict=True):
        if not quiet:
            console.print(f"{name}: {change[0] if change else 'every term'}", markup=False)
        read = read_recipe(recipe, changes=[*common, *change], reduced=not full, trust=trust)
        options: dict[str, Any] = {"data": data, "seed": seed, "assume_independent": assume_independent}
        train_recipe(read, Run(folder), quiet=quiet, **options)
        score_run(folder, data, assume_independent=assume_independent, trust=trust, quiet=quiet)
    found = write_comparison(folders, base)
    rows = changes(found, WHOLE)
    budget = f"Every run: {whole.training().plays} plays, seed {seed}" + (
        f"; reduced: {'; '.join(whole.reductions())}." if whole.reductions() else "."
    )
    write_atomically(base / "ablation.csv", as_csv(rows))
    write_atomically(base / "ablation.md", markdown(rows, ["", budget]))
    if json:
        print(writer.dumps([{**dataclasses.asdict(row), "real": row.real} for row in rows], indent=1))
    else:
        _show(rows, markdown(rows, ["", budget]))
    if not quiet:
        console.print(f"wrote {base / 'ablation.md'}; all runs side by side: {base / 'compare.html'}", markup=False)
    return rows


def _show(rows: list[Any], text: str) -> None:
    """Print the table and, in words, what is real."""
    print(text)
    for row in rows:
        if row.real:
            name = row.without.removeprefix("no-")
            print(f"without {name}: {row.measure} changes by {row.change:+.3g} {row.unit}".rstrip())
