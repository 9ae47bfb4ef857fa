"""Score any two folders of images; no model is needed."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError

Several = Annotated[list[float] | None, Parameter(consume_multiple=True, negative="")]


def measure(
    *,
    reference: Path | None = None,
    output: Path,
    metrics: str = "psnr,ssim,mae",
    range: Annotated[tuple[float, float] | None, Parameter(name="--range")] = None,  # noqa: A002
    slices: bool = False,
    mask: Path | None = None,
    background: Path | None = None,
    flat: Path | None = None,
    truth: Path | None = None,
    lesion: Path | None = None,
    labels: Path | None = None,
    segmentor: Path | None = None,
    trust: bool = False,
    landmarks: Path | None = None,
    detections: Path | None = None,
    true_lesions: Path | None = None,
    classes: Path | None = None,
    number: str | None = None,
    uptake: Annotated[tuple[float, float, float, float] | None, Parameter(name="--uptake")] = None,
    line: Several = None,
    seams: Annotated[list[int] | None, Parameter(consume_multiple=True, negative="")] = None,
    spacing: Several = None,
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

    Ends with 2 if an image could not be scored or a measure has no value at all; the other scores stand.

    Parameters
    ----------
    reference
        Folder (or file) of reference images. Measures that need none (qv, global_contrast, ...) do without.
    output
        Folder (or file) of images to be scored. For tre and folded: displacements in mm, one channel an axis.
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
        Folder (or file) of background regions, for contrast and suvr.
    flat
        Folder (or file) of even regions, for noise_level and nps_distance; else the mask, or found in the truth.
    truth
        Folder of noise-free images, for nps_distance; lesion_contrast_recovery takes the reference without it.
    lesion
        Folder of label maps of lesions, for lesion_contrast_recovery.
    labels
        Folder of true label maps, for sis, sis_of_set and segmented_dice. (dice and distances compare two folders
        of label maps: give them as reference and output.)
    segmentor
        Folder of a run that segments, which is applied to outputs and references, for the same.
    trust
        Allow the segmentor's recipe to name Python files.
    landmarks
        CSV: image, fixed_0, fixed_1[, fixed_2], moving_0, moving_1[, moving_2], voxel indices. For tre they are moved
        by the output; for landmark_error moving is where another program put them.
    detections
        CSV: image, score, at_0, at_1[, at_2], voxel indices; for average_precision and froc_score.
    true_lesions
        CSV: image, radius_mm, at_0, at_1[, at_2]; a detection within the radius is a hit.
    classes
        CSV: image, class (0 or 1), score of a classifier on the output; for auc, accuracy, sensitivity, specificity.
    number
        A measure of one image (agatston, suvr, suv_mean, region_mean, ...) that icc and bias compare between outputs
        and references.
    uptake
        Injected activity (Bq), body weight (kg), time from injection to the image's decay correction (s), half-life
        (s): for suv_mean and suv_max where the images, in Bq/ml, do not say.
    line
        Two pixels, row column row column (or six indices in volumes), between which profiles are taken.
    seams
        For each axis the voxels from one seam of patches to the next, 0 for none.
    spacing
        Size of a voxel in mm along each axis, for images that do not say (PNG).
    prescription
        Prescribed dose in the images' unit, for dose measures; else the reference's maximum.
    features
        The network that a measure looks through, named in every number. For sets: phantom-cnn, training-cnn
        (learned on --training), inception=PATH or radimagenet=PATH (weights that you bring, or get by
        `adversaria weights`). For cases (perceptual, texture, lpips): phantom-cnn, alexnet=PATH or vgg16=PATH.
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
    from adversaria.commands import measured
    from adversaria.commands.asked import (
        ends_of,
        number_of,
        refuse_gaps,
        refuse_no_range,
        segmentor_in,
        told,
        uptake_of_four,
        words_of,
    )  # fmt: skip
    from adversaria.commands.evaluate import show
    from adversaria.commands.scoring import Scored, keep_scores
    from adversaria.commands.set_scoring import choose, of_many
    from adversaria.commands.whole import Whole
    from adversaria.reports import write_scores
    from adversaria.run import Run

    asked = [name.strip() for name in metrics.split(",") if name.strip()]
    (per_case, per_set), many = choose(asked), of_many(asked)
    every = [*per_case, *per_set, *many]
    refuse_no_range(every, range)
    done = Scored(rule={"range": range, "clip": False, "scaled": False, "reference": "target", "cases": {}})
    first = measured.flat(reference) if reference is not None else None
    second = measured.flat(output)
    words = words_of(
        per_case,
        fixed={
            "data_range": range, "line": ends_of(line), "seams": seams and tuple(seams), "prescription": prescription,
            "uptake": uptake_of_four(uptake), "segmentor": segmentor_in(segmentor, trust),
        },
        regions={"mask": mask, "background": background, "flat": flat},
        maps={"truth": truth, "lesion": lesion, "labels": labels},
        landmarks=landmarks,
        features=features,
        spacing=spacing,
    )  # fmt: skip
    bad: list[str] = []
    if per_case:
        pairs, bad = measured.cases_of(first if words.paired else None, second)
        bad = bad + _score_cases(done, per_case, pairs, words, output.name, 2 if slices else 3, quiet)
    if per_set:
        places = {"outputs": second, "references": first, "training": training, "degraded": degraded, "masks": mask}
        try:
            done.scores += _score_sets(done, per_set, places, output.name, range, features)
        except UserError as error:
            done.unmeasured |= {metric.name: told(error) for metric in per_set}
    if many:
        whole = Whole(second, first, words, classes, detections, true_lesions, number_of(number))
        done.scores += _score_many(done, many, whole, output.name)
    show(done.scores, json, done.unmeasured)
    if csv is not None:
        write_scores(csv, done.scores)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        keep_scores(Run(out), done, f"images of {output.name}, made elsewhere")
    refuse_gaps(every, done, bad, len(set(first or second) | set(second)))
    return done.scores


def _score_cases(
    done: Any, chosen: Sequence[Any], pairs: Sequence[Any], words: Any, run: str, dims: int, quiet: bool
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
    done: Any, chosen: Sequence[Any], case: str, truth: Any, made: Any, given: dict[str, Any], run: str, dims: int,
    left_out: dict[str, str],
) -> None:  # fmt: skip
    """Score one pair of images, and keep what a comparison needs of it."""
    from adversaria.commands.scoring import fingerprint, values_of
    from adversaria.commands.viewing import View
    from adversaria.reports import Score

    placed = truth or made
    for metric, value in values_of(chosen, made.array, given, dims, left_out):
        unit = placed.unit if metric.unit == "image" else metric.unit
        region = "mask" if given.get("mask") is not None and "mask" in (*metric.needs, *metric.takes) else "whole"
        done.scores.append(Score(run, case, case, region, "output", metric.name, value, unit, metric.better))
    done.rule["cases"][case] = fingerprint(placed.array)
    view = View(placed.array, placed, given.get("data_range"), given.get("mask"))
    target = None if truth is None else truth.array
    done.look(view, case, {"target": target, "lesion": given.get("mask"), "output": made.array})


def _score_sets(
    done: Any, chosen: Sequence[Any], places: Mapping[str, Any], run: str, data_range: Any, features: str
) -> list[Any]:
    """Score the folders as sets."""
    import numpy as np

    from adversaria.commands import measured
    from adversaria.commands.set_scoring import network_of, rows, score_sets
    from adversaria.data.read import read_image

    masks = places.get("masks")
    found = {
        word: measured.flat(place) if isinstance(place, Path) else place
        for word, place in places.items() if place is not None and word != "masks"
    }  # fmt: skip
    read = {word: [read_image(path) for path in some.values()] for word, some in found.items()}
    images = {word: [image.array for image in some] for word, some in read.items()}
    if masks is not None and any("masks" in metric.takes for metric in chosen):
        pairs = zip(found["outputs"], read["outputs"], strict=True)
        images["masks"] = [(measured.beside(masks, name, image)[:1] > 0).astype(np.float32) for name, image in pairs]
    unit = next((image.unit for image in read.get("references", read["outputs"])), "")
    training = (lambda: images["training"]) if "training" in images else None
    seen: dict[str, Any] = {}
    eyes = partial(network_of, features, training, data_range)
    made = score_sets(chosen, images, data_range, eyes, done.unmeasured, seen)
    done.features |= {f"output/{word}": array for word, array in seen.items()}
    names = list(found["outputs"])
    if seen and sorted(names) == sorted(found.get("references", ())):
        handles = {name: f"c{k + 1:04d}" for k, name in enumerate(sorted(names))}
        done.features["output/subjects"] = [handles[name] for name in names]
    return rows(run, "output", made, unit)


def _score_many(done: Any, chosen: Sequence[Any], whole: Any, run: str) -> list[Any]:
    """Score measures in which one number stands for many cases."""
    from adversaria.commands.set_scoring import rows
    from adversaria.commands.whole import score_whole

    return rows(run, "output", score_whole(chosen, whole, done.unmeasured), "")
