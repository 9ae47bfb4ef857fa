"""Score a run case by case, with intervals over subjects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


def evaluate(
    run: Path,
    *,
    data: Path | None = None,
    checkpoint: str = "newest",
    assume_independent: bool = False,
    weights: Annotated[list[str] | None, Parameter(negative="")] = None,
    trust: bool = False,
    classical: Annotated[bool, Parameter(negative="")] = False,
    json: bool = False,
    quiet: bool = False,
) -> list[Any]:
    """Score a run on its test part: one value a case and measure, means with t intervals over subjects.

    A synthesis run is scored by its samples as a set, through the feature network that comes with the package. A run
    that segments is scored by class, and on average over the classes that a case has.

    Parameters
    ----------
    run
        Run folder that `adversaria train` wrote.
    data
        The folder that it was trained on, if not a phantom; split as in training.
    checkpoint
        newest, best, or a number of plays.
    assume_independent
        Loose files really come from one subject each.
    weights
        NAME=PATH of a pretrained network that the recipe names.
    trust
        Allow the run's recipe to name Python files.
    classical
        Score classical methods on the same cases too: total variation, CG-SENSE, filtered back-projection, SART,
        bicubic interpolation or non-local means, whichever fit what the recipe acquires.
    json
        Print a JSON list instead of a table.
    quiet
        Print nothing but the result.
    """
    from adversaria.commands.progress import console
    from adversaria.commands.session import warnings_of

    files = {name: Path(path) for name, _, path in (pair.partition("=") for pair in weights or [])}
    restored, session, done = score_run(run, data, checkpoint, assume_independent, files, trust, quiet, classical)
    if not quiet:
        console.print(restored.said, markup=False)
        for text in warnings_of(session):
            console.print(f"warning: {text}", markup=False)
    show(done.scores, json, done.unmeasured)
    return list(done.scores)


def score_run(
    run: Path,
    data: Path | None = None,
    checkpoint: str = "newest",
    assume_independent: bool = False,
    weights: Mapping[str, Path] | None = None,
    trust: bool = False,
    quiet: bool = False,
    classical: bool = False,
) -> tuple[Any, Any, Any]:
    """Score a run on its test part, keep the scores in it, and give the restored run, its data and the scores."""
    from adversaria.commands.progress import progress
    from adversaria.commands.restored import restore
    from adversaria.commands.scoring import identity, keep_scores, output_of, score_part
    from adversaria.commands.segmenting import score_segmentation
    from adversaria.commands.session import open_session
    from adversaria.commands.synthesis import score_synthesis
    from adversaria.reports import write_report
    from adversaria.run import read_json
    from adversaria.vocabulary import UserError

    restored = restore(run, checkpoint, weights, trust)
    trained_on = read_json(restored.run.environment)
    if trained_on.get("data") and data is None:
        raise UserError("this run was trained on a folder of yours.", "Give it with --data.")
    bind, given = restored.recipe.bind, restored.game.given
    segments = restored.recipe.labels() is not None and not given
    synthesis = "source" not in bind and "image" in bind
    missing = [] if synthesis or segments else [word for word in ("source", "target") if word not in bind]
    if missing or given:
        lacks = f"binds no '{missing[0]}'" if missing else f"starts from {', '.join(given or ())}"
        raise UserError(
            f"{restored.recipe.name} {lacks}: it cannot be compared case by case here.",
            "Look at its pictures in the run's folder, or measure folders of images with `adversaria measure`.",
        )
    session = open_session(restored.recipe, restored.run, data, restored.seed, assume_independent=assume_independent)
    with progress("evaluating", quiet) as tick:
        if segments:
            done = score_segmentation(restored, session, tick)
        elif synthesis:
            done = score_synthesis(restored, session, tick)
        else:
            part = session.make_part("test")
            methods = {"input": identity, "output": output_of(restored, part.slices is not None)}
            if classical:
                from adversaria.commands.classical import rivals

                methods |= rivals(session)
            done = score_part(session, part, methods, restored.run.folder.name, tick)
    if not done.scores:
        reasons = "; ".join(f"{name}: {why}" for name, why in done.unmeasured.items())
        raise UserError(
            f"nothing could be measured ({reasons}).",
            "Name the image to compare with: train with --set evaluate.truth=WORD, or use `adversaria measure`.",
        )
    keep_scores(restored.run, done, restored.said)
    write_report(restored.run)
    return restored, session, done


def show(scores: Sequence[Any], as_json: bool, unmeasured: Mapping[str, str] | None = None) -> None:
    """Print the table of means and intervals, or all of it as JSON; say what was not measured and why."""
    import dataclasses
    import json

    from adversaria.commands.set_scoring import SET, show_sets
    from adversaria.reports import table

    of_sets = [score for score in scores if score.case == SET]
    cells = table(scores)
    note = next((score.note for score in scores if score.case != SET), "")
    if as_json:
        means = [{**dataclasses.asdict(cell), "note": note} for cell in cells]
        print(json.dumps([*means, *map(dataclasses.asdict, of_sets)], indent=1))
        return
    if cells:
        _show_cells(cells, note)
    show_sets(of_sets)
    for name, why in (unmeasured or {}).items():
        print(f"not measured: {name}: {why}")


def _show_cells(cells: Sequence[Any], note: str) -> None:
    """Print one table: a row a method, a column a measure."""
    import sys

    from rich.console import Console
    from rich.table import Table

    methods = list(dict.fromkeys(cell.method for cell in cells))
    drawn = Table(title="mean over subjects [95 % t interval]" + (f"\n{note}" if note else ""), min_width=60)
    drawn.add_column("measure")
    for method in methods:
        drawn.add_column(method, justify="right")
    for measure in dict.fromkeys(cell.measure for cell in cells):
        found = {cell.method: cell for cell in cells if cell.measure == measure}
        unit = next(iter(found.values())).unit
        name = f"{measure} ({unit})" if unit else measure
        drawn.add_row(name, *[str(found[m].summary) if m in found else "-" for m in methods])
    Console(width=None if sys.stdout.isatty() else 120).print(drawn)
