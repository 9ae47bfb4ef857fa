"""Runs that segment: what they are applied to, how they are scored, and how they are looked at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.vocabulary import UserError

Tick = Callable[[int, int], None]
Found = tuple[NDArray[np.int16], NDArray[np.float32]]
PICTURED = 3


def word_of(recipe: Any) -> str:
    """The word of the batch that is segmented: the image beside the truth, which may lie in another stream."""
    place = truth_of(recipe).rpartition(".")[0]
    beside = [word for word in ("source", "unlabelled") if recipe.bind.get(word, "?").rpartition(".")[0] == place]
    return beside[0] if beside else "source"


def truth_of(recipe: Any) -> str:
    """The word of the data that a segmentation is compared with: that of `evaluate.truth`, else that of `mask`."""
    return str(recipe.evaluation().truth or recipe.bind["mask"])


def classes_in(
    restored: Any, image: Any, handle: str, overlap: float | None = None, scale: Any = None, on_grid: bool = False
) -> Found:
    """Segment an image in memory, scaled with its own statistics (or `scale`): classes and confidence (1, *S).

    If the recipe states a grid, the image is placed on it, and the probabilities are brought back to its own, unless
    it lies `on_grid` already, as a block of slices may.
    """
    from dataclasses import replace

    from adversaria.commands.placing import placed, returning
    from adversaria.tasks.inference import translate
    from adversaria.tasks.segment import likeliest

    word = word_of(restored.recipe)
    expected = restored.shapes[word][0]
    if image.array.shape[0] != expected:
        raise UserError(
            f"the image has {image.array.shape[0]} channels; this run was trained on {expected}.",
            "Convert it, or train on images like it.",
        )
    own, image = image, image if on_grid else placed(restored.recipe, image, word)
    windows = restored.recipe.windows()
    windows = windows if overlap is None else replace(windows, overlap=overlap)
    scale = scale or restored.recipe.intensities()[word].fit(image.array)
    scaled = scale.forward(image.array)
    sliced = restored.recipe.dims() == 2 and scaled.ndim == 4
    stack = np.moveaxis(scaled, -1, 0) if sliced else scaled[None]
    found = translate(restored.game, stack, windows, handle, restored.seed, word=word)
    probabilities = np.moveaxis(found, 0, -1) if sliced else found[0]
    if on_grid:
        return likeliest(probabilities)
    return likeliest(probabilities, returning(restored.recipe, own, outside=0.0))


def write_segmentation(
    restored: Any, image: Any, target: Path, handle: str, overlap: float | None, keep_identity: bool
) -> Path:
    """Segment an image and write its label map, and its confidence (0 to 1) beside it; give the label map's path."""
    from adversaria.data.write import Mark, write_image
    from adversaria.data.writers.label_map import write_labels

    labels = restored.recipe.labels()
    found, sure = classes_in(restored, image, handle, overlap)
    mark = Mark(model=restored.identity, run=restored.run.folder.name, kind="derived")
    values = image.like(labels.scale().inverse(found), "labels")
    written = write_labels(values, target, mark, image, labels.values_named())
    stem, dot, ending = written.name.partition(".")
    beside = written.with_name(f"{stem}-confidence{dot}{ending if ending in ('nii', 'nii.gz', 'png') else 'nii.gz'}")
    write_image(image.like(sure, "probability"), beside, mark, like=image, keep_identity=keep_identity)
    return written


def score_segmentation(restored: Any, session: Any, tick: Tick = lambda done, total: None) -> Any:
    """Score a run on its test part: each measure of each class and case, and its mean over classes.

    A volume is compared whole, also where slices were segmented, and on its own grid, whatever grid the recipe
    states. A class that neither map of a case has is left out there; one that only one of them has has no distance,
    and a Dice coefficient of 0.
    """
    from adversaria.commands.placing import placed
    from adversaria.commands.scoring import Scored, fingerprint, note_of, score_of
    from adversaria.commands.set_scoring import choose
    from adversaria.commands.viewing import keep_slice
    from adversaria.data.image import blocks
    from adversaria.data.labels import label_map
    from adversaria.data.named import named
    from adversaria.data.prepare import compared, measured

    recipe, run = restored.recipe, restored.run.folder.name
    place, _, truth_word = truth_of(recipe).rpartition(".")
    word, rule, part = word_of(recipe), recipe.labels(), session.make_part("test")
    plan, cases = compared(session.plans[place], part.slices), part.cases[place]
    chosen, of_sets = choose(recipe.evaluation().measures)
    numbers = {subject: n + 1 for n, subject in enumerate(dict.fromkeys(case.subject for case in cases))}
    done = Scored(unmeasured={metric.name: "it is a measure of sets of images" for metric in of_sets})
    done.rule = {"reference": "labels", "classes": rule.named(), "cases": {}}
    for number, case in enumerate(cases):
        images = measured(case, plan)
        scale = recipe.intensities()[word].fit(placed(recipe, named(images, plan.bind[word]), word).array)
        if part.slices is not None:
            images = blocks(images, part.slices)
        image, truth = named(images, plan.bind[word]), label_map(named(images, truth_word))
        wanted = rule.fit(truth.array).forward(truth.array).astype(np.int16)
        found, _ = classes_in(restored, image, case.handle, scale=scale, on_grid=part.slices is not None)
        done.rule["cases"][case.handle] = fingerprint(wanted)
        subject = "unknown" if session.loose else f"s{numbers[case.subject]:03d}"
        for metric, region, value in values_of(chosen, found, wanted, rule.named(), image.spacing, done.unmeasured):
            label = metric.name if region == "whole" else f"{metric.name} ({region})"
            score = score_of(run, case.handle, subject, region, "output", metric, label, value, note_of(session))
            done.scores.append(score)
        for name, array in (("target", wanted), ("output", found)):
            keep_slice(done.slices, f"{case.handle}/{name}", array.astype(np.float32), image.axes)
        if number < PICTURED:
            keep_overlay(restored, case.handle, image, scale, found, wanted, rule.named())
        tick(number + 1, len(cases))
    measured_names = {score.measure for score in done.scores}
    done.unmeasured = {name: why for name, why in done.unmeasured.items() if name not in measured_names}
    return done


def values_of(
    chosen: Any, found: Any, wanted: Any, names: Any, spacing: Any, unmeasured: dict[str, str]
) -> list[tuple[Any, str, float]]:
    """(measure, class or "whole", value) of one case; note why a measure does not apply."""
    from adversaria.metrics.facts import NotApplicable

    made = []
    for metric in chosen:
        values = []
        for number, name in names.items():
            one, two = found == number, wanted == number
            if not (one.any() or two.any()):
                continue
            try:
                value = metric(output=one.astype(np.int16), target=two.astype(np.int16), spacing=spacing or None)
            except NotApplicable as error:
                unmeasured.setdefault(metric.name, str(error))
                continue
            values.append(value)
            made.append((metric, name, value))
        if values and len(names) > 1:
            made.append((metric, "whole", float(np.mean(values))))
    return made


def keep_overlay(restored: Any, handle: str, image: Any, scale: Any, found: Any, wanted: Any, names: Any) -> None:
    """Write a slice of a case with the outlines found and the true ones: where the true map shows most."""
    from adversaria.tasks.pictures import colour_of, strip

    drawn = panels(scale.forward(image.array), scale.into, found, wanted, image.axes)
    legend = ", ".join(f"{name} {colour_of(number)[0]}" for number, name in names.items())
    path = restored.run.samples / f"overlay-{handle}.png"
    strip([drawn], 0.0, 1.0, path, f"{restored.identity}; image, outlines found, true outlines; {legend}")


def panels(image: Any, into: tuple[float, float], found: Any, wanted: Any, axes: str) -> list[Any]:
    """A slice alone, with the classes found, with the true ones; of a volume the one whose true map is largest."""
    from adversaria.tasks.pictures import contoured, middle

    if image.ndim == 4:
        best = int(np.argmax((wanted > 0).sum((0, 1, 2)))) if (wanted > 0).any() else image.shape[-1] // 2
        image, found, wanted = (array[..., best : best + 1] for array in (image, found, wanted))
    plane = middle(((image[:3] if len(image) == 3 else image[:1]) - into[0]) / (into[1] - into[0]), axes)
    maps = [middle(np.asarray(array, np.float32), axes).astype(np.int16) for array in (found, wanted)]
    return [plane, *(contoured(plane, labels) for labels in maps)]


def look(observer: Any, training: Any, plays: int) -> float | None:
    """Segment fixed validation cases, write a strip of outlines, and give the mean Dice coefficient of the classes."""
    from adversaria.tasks.pictures import strip
    from adversaria.tasks.segment import mean_dice, segment

    rows, scores = [], []
    classes = observer.session.recipe.labels().classes
    for handle, words, scales, axes in observer.pairs:
        source, truth = words["source"], np.asarray(words["mask"], np.int16)
        found, _ = segment(training.game, source[None], observer.windows, handle, observer.session.seed)
        scores.append(mean_dice(found[0], truth, classes))
        rows.append(panels(source, scales["source"].into, found[0], truth, axes))
    if not rows:
        return None
    strip(rows, 0.0, 1.0, observer.path_of(plays), f"{observer.name} after {plays} plays")
    observer.note(plays, "dice", float(np.mean(scores)))
    return float(np.mean(scores))


def refuse_absent_classes(recipe: Any, part: Any) -> None:
    """Refuse the user's training data if a class of the recipe occurs in none of them."""
    from adversaria.data.labels import refuse_absent

    cases = [case for stream in part.streams.values() for case in stream if "mask" in case.arrays]
    if recipe.labels() is not None and cases:
        refuse_absent(recipe.labels(), {case.handle: case.arrays["mask"] for case in cases})
