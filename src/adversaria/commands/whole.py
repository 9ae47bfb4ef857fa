"""Measures in which one number stands for many cases and no feature network is looked through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.commands.asked import told
from adversaria.commands.measured import Words, cases_of
from adversaria.commands.tables import classes_of, detections_of, lesions_of
from adversaria.metrics.facts import NotApplicable
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Whole:
    """Two folders and the tables beside them, as far as they are given; `number` is a measure of a single image."""

    outputs: Mapping[str, Path]
    references: Mapping[str, Path] | None
    words: Words
    classes: Path | None = None
    detections: Path | None = None
    lesions: Path | None = None
    number: Any = None

    def score(self, metric: Any) -> Any:
        """The estimate of one measure, with what must be known beside it; NotApplicable says why there is none."""
        from adversaria.metrics.sets.facts import Estimate

        build = _BUILD.get(metric.name)
        given, note = build(self) if build else ({"output": self.outputs}, "")
        value = metric(**given)
        if metric.name == "pair_similarity":
            return self._diversity(given, value)
        return Estimate(value, note=note)

    @cached_property
    def pairs(self) -> list[tuple[str, Path | None, Path]]:
        """The cases that have both images."""
        return cases_of(self.references, self.outputs)[0]

    @cached_property
    def places(self) -> dict[str, tuple[int, tuple[float, ...]]]:
        """The number and the voxel size of each output."""
        from adversaria.data.read import read_image

        found = {}
        for number, (name, path) in enumerate(self.outputs.items()):
            image = read_image(path)
            spacing = image.spacing or self.words.spacing
            if not spacing:
                raise UserError(f"{path} does not say how large a voxel is.", "Give it: --spacing MM MM [MM].")
            found[name] = (number, tuple(spacing[: image.array.ndim - 1]))
        return found

    def _diversity(self, given: Mapping[str, Any], value: float) -> Any:
        from adversaria.data.read import read_image
        from adversaria.metrics.diversity import pair_similarities
        from adversaria.metrics.sets.facts import Estimate
        from adversaria.metrics.statistics import summarise

        found = summarise(list(pair_similarities(given["output"], given["data_range"])))
        note = f"{found.n} pairs, taken as independent"
        if self.references is not None and len(self.references) > 1:
            real = pair_similarities([read_image(p).array for p in self.references.values()], given["data_range"])
            note += f"; pairs of references: {float(np.mean(real)):.4g}"
        side = min(min(image.shape[1:]) for image in given["output"])
        note += f"; fewer than five scales, the images have {side} voxels a side" if side < 176 else ""
        return Estimate(value, found.low, found.high, note)


def _images(whole: Whole) -> tuple[dict[str, Any], str]:
    from adversaria.data.read import read_image

    images = [read_image(path).array for path in whole.outputs.values()]
    if len({image.shape for image in images}) > 1:
        raise ValueError("the outputs differ in shape")
    return {"output": images, "data_range": whole.words.fixed.get("data_range")}, ""


def _classes(whole: Whole) -> tuple[dict[str, Any], str]:
    if whole.classes is None:
        raise NotApplicable("it needs the class and a classifier's score of each image: --classes CSV")
    table = classes_of(whole.classes)
    lacking = [name for name in whole.outputs if name not in table]
    if lacking:
        raise UserError(f"{whole.classes} has no row for '{lacking[0]}'.", "Give every output its class and score.")
    rows = [table[name] for name in whole.outputs]
    classes, scores = np.array([c for c, _ in rows]), np.array([s for _, s in rows])
    return {"output": scores, "classes": classes}, f"{len(rows)} images, {int(classes.sum())} of class 1; threshold 0.5"


def _detections(whole: Whole) -> tuple[dict[str, Any], str]:
    if whole.detections is None or whole.lesions is None:
        raise NotApplicable("it needs detections and the true lesions: --detections CSV --true-lesions CSV")
    marks, lesions = detections_of(whole.detections, whole.places), lesions_of(whole.lesions, whole.places)
    note = f"{len(lesions)} lesions in {len(whole.places)} images; hit: within the lesion's radius"
    return {"output": marks, "lesions": lesions, "images": len(whole.places)}, note


def _numbers(whole: Whole) -> tuple[dict[str, Any], str]:
    from adversaria.metrics.agreement import agreement

    if whole.number is None:
        raise UserError(
            "icc and bias compare a clinical number.", "Name it: --number agatston (or suvr, suv_mean, ...)."
        )
    pairs = [_both(whole, case, lambda image, given: whole.number(output=image, **given)) for case in whole.pairs]
    made, true = np.array(pairs).reshape(-1, 2).T
    found = agreement(made, true)
    note = (
        f"{whole.number.name} of {len(pairs)} pairs; bias {found.bias:.4g}, limits of agreement {found.lower:.4g} to "
    )
    note += f"{found.upper:.4g}, ICC(2,1) {found.icc_agreement:.4g}, ICC(3,1) {found.icc_consistency:.4g}"
    return {"output": made, "target": true}, note


def _segmented(whole: Whole) -> tuple[dict[str, Any], str]:
    from adversaria.metrics.interpretability import segmented_overlap

    if whole.words.fixed.get("segmentor") is None or not whole.words.maps.get("labels"):
        raise NotApplicable("it needs a segmentor and reference labels: --segmentor RUN --labels DIR")

    def reached(image: Any, given: Mapping[str, Any]) -> float:
        return segmented_overlap(image, given["labels"], given["segmentor"])

    made, true = np.array([_both(whole, case, reached) for case in whole.pairs]).reshape(-1, 2).T
    note = f"{len(made)} pairs; mean Dice {made.mean():.4g} on the outputs, {true.mean():.4g} on the references"
    return {"output": made, "target": true}, note


def _both(
    whole: Whole, case: tuple[str, Path | None, Path], of: Callable[[Any, Mapping[str, Any]], float]
) -> tuple[float, float]:
    """A number of the output and of the reference of one case."""
    truth, made, given = whole.words.of(*case)
    if truth is None:
        raise UserError("this compares outputs with references.", "Give --reference DIR.")
    return of(made.array, given), of(truth.array, given)


Build = Callable[[Whole], tuple[dict[str, Any], str]]
_BUILD: dict[str, Build] = {
    "pair_similarity": _images,
    **dict.fromkeys(("auc", "accuracy", "sensitivity", "specificity"), _classes),
    **dict.fromkeys(("average_precision", "froc_score"), _detections),
    **dict.fromkeys(("icc", "bias"), _numbers),
    "sis_of_set": _segmented,
}


def score_whole(chosen: Sequence[Any], whole: Whole, unmeasured: dict[str, str]) -> list[tuple[str, Any, Any]]:
    """Score each measure: its name, itself, and the estimate; what cannot be measured goes into `unmeasured`."""

    found = []
    for metric in chosen:
        try:
            found.append((metric.name, metric, whole.score(metric)))
        except UserError as error:
            unmeasured[metric.name] = told(error)
        except (NotApplicable, ValueError) as error:
            unmeasured[metric.name] = str(error)
    return found
