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
    mask: Path | None = None,
    background: Path | None = None,
    line: Annotated[tuple[float, float, float, float] | None, Parameter(name="--line")] = None,
    prescription: float | None = None,
    features: str | None = None,
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
    mask
        Folder (or file) of regions of interest, named like the images: only they are scored where a measure can.
    background
        Folder (or file) of background regions, for contrast.
    line
        Two pixels, row column row column, between which profiles are taken.
    prescription
        Prescribed dose in the images' unit, for dose measures; else the reference's maximum.
    features
        Feature network of perceptual, texture and lpips, named in the number: alexnet=PATH or vgg16=PATH, torchvision's
        file of weights.
    csv
        Also write the long table of scores to this file.
    json
        Print a JSON list instead of a table.
    quiet
        No progress.
    """
    from adversaria.commands.evaluate import show
    from adversaria.commands.measured import Words, cases_of, network_of
    from adversaria.commands.progress import progress
    from adversaria.commands.scoring import measures_named, values_of
    from adversaria.reports import Score, write_scores

    chosen = measures_named(metrics.split(","))
    for metric in chosen:
        if "data_range" in metric.needs and range is None:
            raise UserError(f"{metric.name} needs the data range.", "Give it: --range LOW HIGH, in the images' unit.")
    words = Words(
        {"data_range": range, "line": line and (line[:2], line[2:]), "prescription": prescription},
        {"mask": mask, "background": background},
        network_of(features, chosen),
    )
    pairs = cases_of(reference, output)
    scores: list[Any] = []
    why: dict[str, list[str]] = {}
    bad: list[str] = []
    with progress("measuring", quiet) as tick:
        for number, (name, first, second) in enumerate(pairs):
            case = f"c{number + 1:04d}"
            left_out: dict[str, str] = {}
            try:
                truth, made, given = words.of(name, first, second)
                found = values_of(chosen, made.array, given, 2 if slices else 3, left_out)
            except (ValueError, UserError) as error:
                bad.append(f"{second} ({error.message if isinstance(error, UserError) else error})")
                found = []
            for metric, value in found:
                unit = truth.unit if metric.unit == "image" else metric.unit
                region = "mask" if mask is not None and "mask" in (*metric.needs, *metric.takes) else "whole"
                row = (output.name, case, case, region, output.name, metric.name, value, unit, metric.better)
                scores.append(Score(*row))
            for measure_name, reason in left_out.items():
                why.setdefault(measure_name, []).append(reason)
            tick(number + 1, len(pairs))
    reasons = {n: f"{said[0]} ({len(said)} of {len(pairs)} cases, left out of the mean)" for n, said in why.items()}
    show(scores, json, reasons)
    if csv is not None:
        write_scores(csv, scores)
    if bad:
        raise UserError(
            f"{len(bad)} of {len(pairs)} images cannot be compared: {'; '.join(bad[:5])}.",
            "Bring partners to one grid and number of channels; the other scores stand.",
        )
    return scores
