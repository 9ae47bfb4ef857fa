"""What `measure` was asked for: options turned into words, and what is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adversaria.vocabulary import UserError

# what to give for a word that a measure lacks
OPTIONS = {
    "target": "--reference DIR",
    "references": "--reference DIR",
    "mask": "--mask DIR",
    "background": "--background DIR",
    "line": "--line ROW COLUMN ROW COLUMN",
    "spacing": "--spacing MM MM [MM]",
    "segmentor": "--segmentor RUN",
    "labels": "--labels DIR",
    "landmarks": "--landmarks CSV",
    "seams": "--seams VOXELS VOXELS [VOXELS]",
    "uptake": "--uptake BQ KG S S",
    "noise_target": "--truth DIR",
    "truth": "--truth DIR",
    "lesion": "--lesion DIR",
    "degraded": "--degraded DIR",
    "training_features": "--training DIR",
}


def refuse_no_range(chosen: Sequence[Any], data_range: Any) -> None:
    """Refuse a measure that needs a data range without one, and a range that is empty."""
    for metric in chosen:
        if data_range is None and ("data_range" in metric.needs or getattr(metric, "network", False)):
            raise UserError(f"{metric.name} needs the data range.", "Give it: --range LOW HIGH, in the images' unit.")
    if data_range is not None and not data_range[1] > data_range[0]:
        raise UserError(f"the range {data_range[0]:g} to {data_range[1]:g} is empty.", "Give low, then high.")


def words_of(per_case: Sequence[Any], landmarks: Path | None, features: str, spacing: Any, **given: Any) -> Any:
    """What measures of a case are given beside two images."""
    from adversaria.commands.measured import Words, feature_maps
    from adversaria.commands.tables import landmarks_of

    network = feature_maps(features) if any("features" in metric.needs for metric in per_case) else None
    return Words(
        **{**given, "fixed": {word: value for word, value in given["fixed"].items() if value is not None}},
        tables={} if landmarks is None else {"landmarks": landmarks_of(landmarks)},
        network=network,
        paired=not per_case or any({"target", "truth", "noise_target"} & set(metric.needs) for metric in per_case),
        labels=all(metric.key == "M32" for metric in per_case),
        spacing=tuple(spacing) if spacing else None,
    )


def told(error: UserError) -> str:
    """A mistake and its remedy as the reason why a measure has no value."""
    return f"{error.message.rstrip('.')} ({error.remedy.rstrip('.')})"


def ends_of(line: Any) -> Any:
    """The two ends of a line given as four or six numbers."""
    if line is None:
        return None
    if len(line) not in (4, 6):
        raise UserError(f"a line has 4 or 6 numbers, not {len(line)}.", "Give --line ROW COLUMN ROW COLUMN.")
    half = len(line) // 2
    return tuple(line[:half]), tuple(line[half:])


def uptake_of_four(given: Any) -> Any:
    """What turns Bq/ml into uptake, from activity, weight, time and half-life."""
    if given is None:
        return None
    from adversaria.metrics.facts import NotApplicable
    from adversaria.metrics.uptake import NAMES, uptake_of

    try:
        return uptake_of(dict(zip(NAMES, given, strict=True)), "Bq/ml")
    except NotApplicable as error:
        raise UserError(f"--uptake cannot be: {error}.", "Give --uptake BQ KG SECONDS SECONDS.") from None


def segmentor_in(run: Path | None, trust: bool) -> Any:
    """The run that segments, restored."""
    if run is None:
        return None
    from adversaria.commands.segmentor import segmentor_of

    return segmentor_of(run, trust)


def number_of(name: str | None) -> Any:
    """The measure of one image that is compared as a clinical number."""
    if name is None:
        return None
    from adversaria.commands.set_scoring import choose

    found = choose([name])[0]
    if not found or found[0].reference:
        raise UserError(f"{name} is no number of a single image.", "Take agatston, suvr, suv_mean or region_mean.")
    return found[0]


def refuse_gaps(chosen: Sequence[Any], done: Any, bad: Sequence[str], total: int) -> None:
    """End with 2 where an image could not be scored, or a measure has no value at all."""
    got = {score.measure.partition("[")[0] for score in done.scores}
    said, remedies = [], []
    if bad:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        said.append(f"{len(bad)} of {total} images cannot be compared: {'; '.join(bad[:5])}{more}.")
        remedies.append("Bring partners to one name, grid and number of channels; the other scores stand.")
    for metric in chosen:
        reasons = [why for name, why in done.unmeasured.items() if name.partition("[")[0] == metric.name]
        if metric.name in got or not reasons:
            continue
        said.append(f"{metric.name} could not be measured: {reasons[0]}.")
        remedies += [f"Give {option}." for word, option in OPTIONS.items() if _lacks(reasons[0], word)]
    if said:
        remedy = " ".join(dict.fromkeys(remedies)) or "Bring what is missing, or name other measures."
        raise UserError(" ".join(said), remedy)


def _lacks(reason: str, word: str) -> bool:
    from adversaria.metrics import facts
    from adversaria.metrics.sets.facts import NEEDS

    known = facts.NEEDS.get(word) or NEEDS.get(word)
    if word == "uptake" and reason.startswith(("the image does not say", "an uptake needs")):
        return True
    return known is not None and reason.startswith(f"it needs {known}")
