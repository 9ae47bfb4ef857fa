"""Score any two folders of images; no model is needed."""

from collections.abc import Sequence
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
    features: str = "phantom-cnn",
    training: Path | None = None,
    degraded: Path | None = None,
    csv: Path | None = None,
    out: Path | None = None,
    json: bool = False,
    quiet: bool = False,
) -> list[Any]:
    """Compare images of one folder with images of another: by name, case by case, or as whole sets.

    Parameters
    ----------
    reference
        Folder (or file) of reference images.
    output
        Folder (or file) of images to be scored.
    metrics
        Names, separated by commas (`adversaria list metrics`). Measures of a case need the same file names in
        both folders; measures of a set (fid, kid, precision, ...) do not.
    range
        Declared data range, low and high, in the images' unit; measures that need it never guess.
    slices
        Score each slice of a volume that is not constant, and give their mean.
    features
        The network that measures of sets look through: phantom-cnn, training-cnn (learned on --training) or
        inception=PATH (weights that you bring). It is named in every number.
    training
        Folder of images that the model was trained on, for memorisation and training-cnn.
    degraded
        Folder of images known to be of low quality, for structure_clustering.
    csv
        Also write the long table of scores to this file.
    out
        Also write a folder that `adversaria compare` takes: scores.csv, evaluation.json, slices.
    json
        Print a JSON list instead of a table.
    quiet
        No progress.
    """
    from adversaria.commands.evaluate import show
    from adversaria.commands.scoring import Scored, keep_scores
    from adversaria.commands.set_scoring import choose
    from adversaria.reports import write_scores
    from adversaria.run import Run

    per_case, per_set = choose(metrics.split(","))
    for metric in [*per_case, *per_set]:
        if range is None and ("data_range" in metric.needs or getattr(metric, "network", False)):
            raise UserError(f"{metric.name} needs the data range.", "Give it: --range LOW HIGH, in the images' unit.")
    done = Scored(rule={"range": range, "clip": False, "scaled": False, "reference": "target", "cases": {}})
    first, second = _flat(reference), _flat(output)
    if per_case:
        _score_cases(done, per_case, first, second, output.name, range, slices, quiet)
    if per_set:
        places = {"outputs": second, "references": first}
        places |= {word: _flat(p) for word, p in (("training", training), ("degraded", degraded)) if p is not None}
        done.scores += _score_sets(done, per_set, places, output.name, range, features)
    if not done.scores:
        reasons = "; ".join(f"{name}: {why}" for name, why in done.unmeasured.items())
        raise UserError(f"nothing could be measured ({reasons}).", "Bring what is missing, or name other measures.")
    show(done.scores, json, done.unmeasured)
    if csv is not None:
        write_scores(csv, done.scores)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        keep_scores(Run(out), done, f"images of {output.name}, made elsewhere")
    return done.scores


def _flat(folder: Path) -> dict[str, Path]:
    from adversaria.data.folders import recognise

    return {name: source.path for names in recognise(folder).words.values() for name, source in names.items()}


def _score_cases(
    done: Any,
    chosen: Sequence[Any],
    first: dict[str, Path],
    second: dict[str, Path],
    run: str,
    data_range: Any,
    slices: bool,
    quiet: bool,
) -> None:
    """Score images of the same name, one after the other."""
    from adversaria.commands.progress import progress

    shared = sorted(set(first) & set(second)) or _single(first, second)
    with progress("measuring", quiet) as tick:
        for number, name in enumerate(shared):
            truth = first[name] if name in first else next(iter(first.values()))
            made = second[name] if name in second else next(iter(second.values()))
            try:
                _score_case(done, chosen, f"c{number + 1:04d}", truth, made, run, data_range, 2 if slices else 3)
            except (ValueError, UserError) as error:
                message = error.message if isinstance(error, UserError) else f"{made} cannot be compared: {error}"
                if len(shared) == 1:
                    raise UserError(f"{message}.", "Bring both to one grid, or give --slices.") from None
                done.unmeasured[f"every measure of {name}"] = message
            tick(number + 1, len(shared))


def _score_case(
    done: Any, chosen: Sequence[Any], case: str, reference: Path, output: Path, run: str, data_range: Any, dims: int
) -> None:
    """Score one pair of images, and keep what a comparison needs of it."""
    from adversaria.commands.scoring import fingerprint, keep_slice, values_of
    from adversaria.data.read import read_image
    from adversaria.reports import Score

    truth, made = read_image(reference), read_image(output)
    words = {"target": truth.array, "data_range": data_range, "spacing": truth.spacing}
    for metric, value in values_of(chosen, made.array, words, dims, done.unmeasured):
        unit = truth.unit if metric.unit == "image" else metric.unit
        done.scores.append(Score(run, case, case, "whole", "output", metric.name, value, unit, metric.better))
    done.rule["cases"][case] = fingerprint(truth.array)
    keep_slice(done.slices, f"{case}/target", truth.array, truth.axes)
    keep_slice(done.slices, f"{case}/output", made.array, made.axes)


def _score_sets(
    done: Any, chosen: Sequence[Any], places: dict[str, dict[str, Path]], run: str, data_range: Any, features: str
) -> list[Any]:
    """Score the folders as sets."""
    from adversaria.commands.set_scoring import network_of, rows, score_sets
    from adversaria.data.read import read_image

    read = {word: [read_image(path) for path in found.values()] for word, found in places.items()}
    images = {word: [image.array for image in found] for word, found in read.items()}
    unit = read["references"][0].unit if read["references"] else ""
    training = (lambda: images["training"]) if "training" in images else None
    found = score_sets(chosen, images, data_range, lambda: network_of(features, training, data_range), done.unmeasured)
    return rows(run, "output", found, unit)


def _single(first: dict[str, Path], second: dict[str, Path]) -> list[str]:
    if len(first) == len(second) == 1:
        return list(first)
    raise UserError("no image has the same name in both folders.", "Give partners the same file name.")
