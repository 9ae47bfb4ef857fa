"""Methods side by side on the cases of a part: one value a case, method and measure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.commands.set_scoring import choose, network_of, of_many, rows, score_sets
from adversaria.commands.viewing import View

Array = NDArray[np.float32]
Method = Callable[[Any, str, Any], Any]
Tick = Callable[[int, int], None]
PICTURED = 3
ELSEWHERE = "it stands for many cases and needs more than images: apply the run and use `adversaria measure`"


@dataclass
class Scored:
    """Scores and their rule; slices of the first cases by method, and of all; why a measure has no value at all.

    `spectra` are those of each case and method; `features` what a network saw, by network, method and word.
    """

    scores: list[Any] = field(default_factory=list)
    pictures: dict[str, list[Array]] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)
    slices: dict[str, Array] = field(default_factory=dict)
    spectra: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def look(self, view: View, case: str, images: Mapping[str, Array | None]) -> None:
        """Keep what a comparison shows of a case's images: a slice, and spectra; of a lesion where it is."""
        for name, image in images.items():
            if image is None or (name == "lesion" and not (image > 0).any()):
                continue
            if name != "noise target":
                view.keep(self.slices, f"{case}/{name}", image if name != "lesion" else (image > 0).astype(np.float32))
            if name != "lesion":
                view.measure(self.spectra, case, name, image)


def identity(image: Any, handle: str, scale: Any) -> Any:
    """The input as it is; of several images joined to one, the first."""
    first = image.facts.get("joined")
    return image.like(image.array[:first]) if first else image


def output_of(restored: Any, on_grid: bool = False) -> Method:
    """Translate with a restored run: image in, image out, in physical units; `on_grid` if images are placed already."""
    from adversaria.commands.apply import apply_image

    return lambda image, handle, scale: apply_image(restored, image, handle, scale=scale, on_grid=on_grid)


def score_part(
    session: Any, part: Any, methods: Mapping[str, Method], run: str, tick: Tick = lambda done, total: None
) -> Scored:
    """Score methods on every case of a part with the recipe's measures.

    Images are compared in physical units, or, where the recipe says `scaled`, each brought to the target's
    intensity rule by its own statistics; where the target shares the source's scale, all by the truth's. A 2D recipe
    scores each slice of a volume that is not constant; the case's value is their mean. The input's scale is that of the
    whole case, also if slices are tested. They are compared on the case's own grid, whatever grid the recipe states,
    unless it measures on that.
    """
    from adversaria.commands.placing import placed
    from adversaria.data.image import blocks
    from adversaria.data.intensity import Following
    from adversaria.data.labels import Labels
    from adversaria.data.named import magnitude, named
    from adversaria.data.prepare import compared as own_grid
    from adversaria.data.prepare import measured
    from adversaria.tasks.inversion import agreement
    from adversaria.tasks.pictures import middle

    wanted = session.recipe.evaluation()
    chosen, of_sets = choose(wanted.measures)
    sets: dict[str, list[Array]] = {}
    stream = next(iter(session.plans))
    plan = own_grid(session.plans[stream], part.slices)
    intensity = session.recipe.intensities()
    cases: Sequence[Any] = part.cases[stream]
    numbers = {subject: n + 1 for n, subject in enumerate(dict.fromkeys(case.subject for case in cases))}
    note = note_of(session)
    shared = isinstance(intensity["target"], Following)
    done = Scored(rule=_rule(wanted, shared))
    agreed: dict[str, list[Any]] = {}
    done.unmeasured |= {metric.name: ELSEWHERE for metric in of_many(wanted.measures)}
    for number, case in enumerate(cases):
        images = measured(case, plan)
        whole = named(images, plan.bind["source"])
        scale = intensity["source"].fit((whole if plan.grid else placed(session.recipe, whole)).array)
        if part.slices is not None:
            images = blocks(images, part.slices)
        source = named(images, plan.bind["source"])
        words = _words(session, plan, images, wanted)
        reference = words.get("target", source.array)
        scaled = _scaling(intensity["target"], reference if shared else None) if wanted.scaled else None
        compared = _comparison(wanted, scaled)
        truth = {word: compared(array) for word, array in words.items()}
        lesion, fine = on_grid(_array(images, session.lesion), reference), _enlarged(source, reference)
        given = {"data_range": wanted.range, "lesion": lesion, "spacing": fine.spacing, **truth}
        if of_sets and "target" in truth:
            sets.setdefault("target", []).append(truth["target"])
        done.rule["cases"][case.handle] = fingerprint(reference)
        done.rule["reference"] = "truth" if "truth" in words else "target"
        subject = "unknown" if session.loose else f"s{numbers[case.subject]:03d}"
        view = View(reference, fine, wanted.range, lesion, scaled)
        beside = {"target": words.get("target"), "lesion": lesion}
        done.look(view, case.handle, {**beside, "noise target": words.get("noise_target")})
        for name, method in methods.items():
            made = _enlarged(magnitude(method(source, case.handle, scale)), words.get("target"))
            if "target" in words and len(made.array) != len(words["target"]):
                continue  # a mask is no image to compare with one in colour
            if name == "input" and isinstance(intensity["source"], Labels):
                continue  # nor are numbers of classes grey values or HU
            if name != "input":
                agreed.setdefault(name, []).append(agreement(made.array, source.array, words.get("target")))
            done.look(view, case.handle, {name: made.array})
            if number < PICTURED:
                done.pictures.setdefault(name, []).append(middle(made.array, made.axes))
            if of_sets:
                sets.setdefault(name, []).append(compared(made.array))
                done.features.setdefault(f"{name}/subjects", []).append(subject)
            for metric, value in values_of(chosen, compared(made.array), given, session.dims, done.unmeasured):
                unit = ("" if wanted.scaled else made.unit) if metric.unit == "image" else metric.unit
                done.scores.append(_score(run, case.handle, subject, name, metric, value, unit, note))
        if number < PICTURED and "target" in words:
            done.pictures.setdefault("target", []).append(middle(words["target"], source.axes))
        tick(number + 1, len(cases))
    if of_sets:
        unit = "" if wanted.scaled else source.unit
        done.scores += _of_sets(done, of_sets, sets, wanted.range, run, unit, note)
    _say_inverted(session, done, agreed)
    measured_names = {score.measure for score in done.scores}
    done.unmeasured = {name: why for name, why in done.unmeasured.items() if name not in measured_names}
    return done


def _say_inverted(session: Any, done: Scored, agreed: Mapping[str, Sequence[Any]]) -> None:
    """Note which method gives the inverse of its input, a known failure of unpaired translation."""
    from adversaria.tasks.inversion import REMEDY, told

    for name, found in agreed.items():
        text = told(found, f"images of '{name}'")
        if text:
            done.warnings.append(f"{text}; {REMEDY}")
    session.said += done.warnings


def on_grid(labels: Array | None, like: Array) -> Array | None:
    """Take the middle of the voxels of a label map that is a whole number of times finer than the images."""
    if labels is None or labels.shape[1:] == like.shape[1:]:
        return labels
    ratios = [own // side for own, side in zip(labels.shape[1:], like.shape[1:], strict=True)]
    return labels[(slice(None), *(slice(ratio // 2, None, max(ratio, 1)) for ratio in ratios))]


def _enlarged(image: Any, like: Array | None) -> Any:
    """Repeat the voxels of an image that is a whole number of times smaller than what it is compared with."""
    array = image.array
    if like is None or like.shape[1:] == array.shape[1:]:
        return image
    for axis, side in enumerate(like.shape[1:], 1):
        if side % array.shape[axis] == 0:
            array = np.repeat(array, side // array.shape[axis], axis)
    return image.resampled(array)


def _rule(wanted: Any, shared: bool) -> dict[str, Any]:
    """What must agree between two runs for their scores to be comparable; `cases` are hashes of references."""
    scaled = "truth" if wanted.scaled and shared else wanted.scaled
    return {"range": list(wanted.range), "clip": wanted.clip, "scaled": scaled, "reference": "target", "cases": {}}


def fingerprint(array: Array) -> str:
    """A hash of an image's values, by which another run knows the same case."""
    import hashlib

    values = np.ascontiguousarray(array, np.float32)
    return hashlib.blake2b(repr(values.shape).encode() + values.tobytes(), digest_size=12).hexdigest()


def keep_scores(run: Any, done: Scored, said: str = "") -> None:
    """Write scores, their rule, reasons and slices into a run folder."""
    from adversaria.reports import write_scores
    from adversaria.run import write_json

    write_scores(run.scores, done.scores)
    write_json(run.evaluation, {**done.rule, "checkpoint": said, "warnings": done.warnings})
    write_json(run.unmeasured, done.unmeasured)
    keep_pictures(run, done.pictures)
    for place, kept in {run.slices: done.slices, run.spectra: done.spectra, run.features: done.features}.items():
        if kept:
            place.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(place, allow_pickle=False, **kept)
        else:
            place.unlink(missing_ok=True)


def _of_sets(
    done: Scored, chosen: Sequence[Any], sets: dict[str, list[Array]], data_range: Any, run: str, unit: str, note: str
) -> list[Any]:
    """Score each method's images as a set against the references, through the network that comes with the package."""
    references = sets.pop("target", [])
    found = []
    for name, images in sets.items():
        words = {"outputs": images, "references": references}
        eyes = partial(network_of, "phantom-cnn", None, None)
        seen: dict[str, Any] = {}
        made = score_sets(chosen, words, data_range, eyes, done.unmeasured, seen)
        done.features |= {f"{name}/{word}": array for word, array in seen.items()}
        found += rows(run, name, made, unit, note)
    return found


def note_of(session: Any) -> str:
    """What limits every score of a run."""
    from adversaria.data.split import LOOSE, SAME_SUBJECT

    said = ["reduced"] if session.recipe.reductions() else []
    said += [SAME_SUBJECT] if session.same_subject else []
    return "; ".join(said + ([LOOSE] if session.loose else []))


def _score(run: str, case: str, subject: str, method: str, metric: Any, value: float, unit: str, note: str) -> Any:
    from adversaria.reports import Score

    return Score(run, case, subject, "whole", method, metric.name, value, unit, metric.better, note)


def score_of(
    run: str, case: str, subject: str, region: str, method: str, metric: Any, label: str, value: float, note: str
) -> Any:
    """A row of the table for one region of a case, under the measure's name for it."""
    from adversaria.reports import Score

    return Score(run, case, subject, region, method, label, value, metric.unit, metric.better, note)


def _array(images: Mapping[str, Any], name: str | None) -> Array | None:
    from adversaria.data.named import bases, magnitude, named

    name = (name or "").rpartition(".")[2]
    known = name and all(base in images for base in bases(name))
    return magnitude(named(images, name)).array if known else None


def _words(session: Any, plan: Any, images: Mapping[str, Any], wanted: Any) -> dict[str, Array]:
    """The images that measures compare with: the truth where the recipe names one, else the target."""
    truth = _array(images, session.truth)
    target = _array(images, plan.bind.get("target"))
    if truth is not None:
        words = {"target": truth, "truth": truth}
        return words | ({"noise_target": target} if target is not None else {})
    return {} if target is None else {"target": target}


def _scaling(rule: Any, reference: Array | None) -> Callable[[Array], Array]:
    """How arbitrary units are made alike: by the statistics of a reference, or by each image's own."""
    if reference is not None and np.ptp(reference) > 0:
        shared: Callable[[Array], Array] = rule.fit(reference).forward
        return shared
    return lambda array: rule.fit(array).forward(array) if np.ptp(array) > 0 else np.zeros_like(array)


def _comparison(wanted: Any, scaled: Callable[[Array], Array] | None) -> Callable[[Array], Array]:
    """How images are brought to what is compared: scaled or as they are, clipped to the range."""

    def compared(array: Array) -> Array:
        array = scaled(array) if scaled else array
        return array.clip(*wanted.range) if wanted.clip else array

    return compared


def values_of(
    chosen: Sequence[Any], output: Array, given: Mapping[str, Any], dims: int, unmeasured: dict[str, str]
) -> list[tuple[Any, float]]:
    """Measure one case; note why a measure does not apply.

    With 2 dimensions, and for measures that are defined in two alone, the case's value is the mean over the
    slices of a stack. The measures come back under the names of their numbers (perceptual[phantom-cnn]).
    """
    from adversaria.metrics.facts import NotApplicable

    found = []
    whole = {"output": output, **given}
    for metric in chosen:
        sliced = output.ndim == 4 and (dims == 2 or 3 not in metric.dims)
        named = replace(metric, name=metric.label(**given))
        values = []
        for words in _planes(output, given) if sliced else [whole]:
            if "flat" in metric.needs and words.get("flat") is None and words.get("truth") is not None:
                words = {**words, "flat": flat_region(words["truth"])}
            try:
                values.append(metric(**words))
            except NotApplicable as error:
                unmeasured.setdefault(named.name, str(error))
        if values:
            found.append((named, float(np.mean(values))))
    return found


def _planes(output: Array, given: Mapping[str, Any]) -> Any:
    """The slices of a stack whose reference is not constant."""
    for k in range(output.shape[-1]):
        words = {w: a[..., k] if isinstance(a, np.ndarray) else a for w, a in given.items()}
        if words.get("spacing"):
            words["spacing"] = words["spacing"][:2]
        reference = words.get("target")
        if reference is None or np.ptp(reference) > 0:
            yield {"output": output[..., k], **words}


def flat_region(truth: Array, texture: float = 12.0) -> Array:
    """The largest piece of tissue (between 0 and 250 HU) in which the noise-free image is nearly even.

    There its spread over 5 pixels stays below `texture` (HU), so what is measured in it is noise.
    """
    from scipy.ndimage import binary_opening, label, uniform_filter

    image = np.asarray(truth[0], np.float64)
    mean = uniform_filter(image, 5)
    spread = np.sqrt(np.maximum(uniform_filter(image**2, 5) - mean**2, 0))
    even = binary_opening((spread < texture) & (mean > 0) & (mean < 250), iterations=2)
    pieces, count = label(even)
    if not count:
        return even[None]
    return (pieces == 1 + int(np.argmax(np.bincount(pieces[pieces > 0])[1:])))[None]


def keep_pictures(run: Any, pictures: Mapping[str, Sequence[Array]]) -> None:
    """Keep slices of the first test cases for the report."""
    run.samples.mkdir(parents=True, exist_ok=True)
    stacked = {}
    for name, planes in pictures.items():
        sizes = {plane.shape for plane in planes}
        if len(sizes) == 1 and planes[0].ndim == 2:
            stacked[name.replace(" ", "_")] = np.stack(planes).astype(np.float32)
    if stacked:
        np.savez(run.samples / "fixed.npz", allow_pickle=False, **stacked)
