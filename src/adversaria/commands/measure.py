"""Score any two folders of images; no model is needed."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError


def measure(
    *,
    reference: Path,
    output: Path,
    metrics: str = "psnr,ssim,mae",
    range: Annotated[tuple[float, float] | None, Parameter(name="--range")] = None,  # noqa: A002
    slices: bool = False,
    csv: Path | None = None,
    json: bool = False,
    quiet: bool = False,
) -> list[Any]:
    """Compare images of one folder with images of the same names in another.

    Parameters
    ----------
    reference
        Folder (or file) of reference images.
    output
        Folder (or file) of images to be scored.
    metrics
        Names, separated by commas (`adversaria list metrics`).
    range
        Declared data range, low and high, in the images' unit; measures that need it never guess.
    slices
        Score each slice of a volume that is not constant, and give their mean.
    csv
        Also write the long table of scores to this file.
    json
        Print a JSON list instead of a table.
    quiet
        No progress.
    """
    from adversaria import metrics as room
    from adversaria.commands.evaluate import show
    from adversaria.commands.progress import progress
    from adversaria.commands.scoring import values_of
    from adversaria.data.folders import recognise
    from adversaria.data.read import read_image
    from adversaria.recipes.names import near
    from adversaria.reports import Score, write_scores

    known = {m.name: m for m in (getattr(room, n) for n in room.__all__)}
    chosen = []
    for name in metrics.split(","):
        if name not in known:
            raise UserError(f"there is no measure '{name}'.", near(name, known) or f"There are {', '.join(known)}.")
        if "data_range" in known[name].needs and range is None:
            raise UserError(f"{name} needs the data range.", "Give it: --range LOW HIGH, in the images' unit.")
        chosen.append(known[name])
    first, second = (_flat(recognise(folder)) for folder in (reference, output))
    shared = sorted(set(first) & set(second)) or _single(first, second)
    scores: list[Any] = []
    unmeasured: dict[str, str] = {}
    with progress("measuring", quiet) as tick:
        for number, name in enumerate(shared):
            truth = read_image(first[name] if name in first else next(iter(first.values())))
            made = read_image(second[name] if name in second else next(iter(second.values())))
            words = {
                "target": truth.array,
                "data_range": range,
                "spacing": truth.spacing,
            }
            try:
                found = values_of(chosen, made.array, words, 2 if slices else 3, unmeasured)
            except ValueError as error:
                raise UserError(
                    f"{made.source[0]} cannot be compared: {error}.", "Bring both to one grid, or give --slices."
                ) from None
            for metric, value in found:
                unit = truth.unit if metric.unit == "image" else metric.unit
                case = f"c{number + 1:04d}"
                scores.append(
                    Score(output.name, case, case, "whole", output.name, metric.name, value, unit, metric.better)
                )
            tick(number + 1, len(shared))
    show(scores, json, unmeasured)
    if csv is not None:
        write_scores(csv, scores)
    return scores


def _flat(found: Any) -> dict[str, Path]:
    return {name: source.path for names in found.words.values() for name, source in names.items()}


def _single(first: dict[str, Path], second: dict[str, Path]) -> list[str]:
    if len(first) == len(second) == 1:
        return list(first)
    raise UserError("no image has the same name in both folders.", "Give partners the same file name.")
