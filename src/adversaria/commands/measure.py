"""Score any two folders of images; no model is needed."""

from collections.abc import Sequence
from functools import partial
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
    mask
        Folder (or file) of regions of interest, named like the images: only they are scored where a measure can.
    background
        Folder (or file) of background regions, for contrast.
    line
        Two pixels, row column row column, between which profiles are taken.
    prescription
        Prescribed dose in the images' unit, for dose measures; else the reference's maximum.
    features
        The network that a measure looks through, named in every number. For sets: phantom-cnn, training-cnn
        (learned on --training) or inception=PATH (weights that you bring). For cases (perceptual, texture, lpips):
        phantom-cnn, alexnet=PATH or vgg16=PATH.
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
    from adversaria.commands.measured import Words, cases_of, feature_maps, flat
    from adversaria.commands.scoring import Scored, keep_scores
    from adversaria.commands.set_scoring import choose
    from adversaria.reports import write_scores
    from adversaria.run import Run

    per_case, per_set = choose(metrics.split(","))
    for metric in [*per_case, *per_set]:
        if range is None and ("data_range" in metric.needs or getattr(metric, "network", False)):
            raise UserError(f"{metric.name} needs the data range.", "Give it: --range LOW HIGH, in the images' unit.")
    done = Scored(rule={"range": range, "clip": False, "scaled": False, "reference": "target", "cases": {}})
    first, second = flat(reference), flat(output)
    bad: list[str] = []
    if per_case:
        words = Words(
            {"data_range": range, "line": line and (line[:2], line[2:]), "prescription": prescription},
            {"mask": mask, "background": background},
            feature_maps(features) if any("features" in metric.needs for metric in per_case) else None,
        )
        bad = _score_cases(done, per_case, cases_of(first, second), words, output.name, 2 if slices else 3, quiet)
    if per_set:
        places = {"outputs": second, "references": first}
        places |= {word: flat(p) for word, p in (("training", training), ("degraded", degraded)) if p is not None}
        done.scores += _score_sets(done, per_set, places, output.name, range, features)
    if not done.scores and not bad:
        reasons = "; ".join(f"{name}: {why}" for name, why in done.unmeasured.items())
        raise UserError(f"nothing could be measured ({reasons}).", "Bring what is missing, or name other measures.")
    show(done.scores, json, done.unmeasured)
    if csv is not None:
        write_scores(csv, done.scores)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        keep_scores(Run(out), done, f"images of {output.name}, made elsewhere")
    if bad:
        raise UserError(
            f"{len(bad)} of {len(set(first) & set(second)) or 1} images cannot be compared: {'; '.join(bad[:5])}.",
            "Bring partners to one grid and number of channels; the other scores stand.",
        )
    return done.scores


def _score_cases(
    done: Any,
    chosen: Sequence[Any],
    pairs: Sequence[tuple[str, Path, Path]],
    words: Any,
    run: str,
    dims: int,
    quiet: bool,
) -> list[str]:
    """Score images of the same name, one after the other; give what is wrong with those that cannot be."""
    from adversaria.commands.progress import progress

    bad: list[str] = []
    why: dict[str, list[str]] = {}
    with progress("measuring", quiet) as tick:
        for number, (name, reference, output) in enumerate(pairs):
            left_out: dict[str, str] = {}
            try:
                truth, made, given = words.of(name, reference, output)
                _score_case(done, chosen, f"c{number + 1:04d}", truth, made, given, run, dims, left_out)
            except (ValueError, UserError) as error:
                bad.append(f"{output} ({error.message if isinstance(error, UserError) else error})")
            for measure_name, reason in left_out.items():
                why.setdefault(measure_name, []).append(reason)
            tick(number + 1, len(pairs))
    total = len(pairs)
    done.unmeasured |= {n: f"{s[0]} ({len(s)} of {total} cases, left out of the mean)" for n, s in why.items()}
    return bad


def _score_case(
    done: Any,
    chosen: Sequence[Any],
    case: str,
    truth: Any,
    made: Any,
    given: dict[str, Any],
    run: str,
    dims: int,
    left_out: dict[str, str],
) -> None:
    """Score one pair of images, and keep what a comparison needs of it."""
    from adversaria.commands.scoring import fingerprint, values_of
    from adversaria.commands.viewing import View
    from adversaria.reports import Score

    for metric, value in values_of(chosen, made.array, given, dims, left_out):
        unit = truth.unit if metric.unit == "image" else metric.unit
        region = "mask" if given.get("mask") is not None and "mask" in (*metric.needs, *metric.takes) else "whole"
        done.scores.append(Score(run, case, case, region, "output", metric.name, value, unit, metric.better))
    done.rule["cases"][case] = fingerprint(truth.array)
    view = View(truth.array, truth, given.get("data_range"), given.get("mask"))
    done.look(view, case, {"target": truth.array, "lesion": given.get("mask"), "output": made.array})


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
    seen: dict[str, Any] = {}
    eyes = partial(network_of, features, training, data_range)
    found = score_sets(chosen, images, data_range, eyes, done.unmeasured, seen)
    done.features |= {f"output/{word}": array for word, array in seen.items()}
    made = list(places["outputs"])
    if seen and sorted(made) == sorted(places["references"]):
        handles = {name: f"c{k + 1:04d}" for k, name in enumerate(sorted(made))}
        done.features["output/subjects"] = [handles[name] for name in made]
    return rows(run, "output", found, unit)
