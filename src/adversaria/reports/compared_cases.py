"""Cases of a comparison as pictures: the best, the median and the worst, with error maps."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.reports import figures, paired_figures, tables
from adversaria.reports.comparing import Comparison, Measured
from adversaria.reports.scored import Scored, name_of, together
from adversaria.reports.scores import distance_from_best
from adversaria.run import read_json

Array = NDArray[np.floating[Any]]
Slices = Mapping[str, Array]


def draw(found: Comparison, runs: Sequence[Scored]) -> tuple[list[dict[str, str]], str]:
    """Best, median and worst case of the leader on the first measure, with error maps, if the runs kept slices."""
    stored, why = slices_of(runs)
    if why:
        return [], why
    order = ranked(found, runs, kept_in_all(stored))
    if not order:
        return [], "no case has slices in every run"
    chosen = {"Best case": order[0], "Median case": order[len(order) // 2], "Worst case": order[-1]}
    if len(order) == 1:
        chosen = {"The only case": order[0]}
    measured = found.measures[0]
    by_case = _by_case(runs, measured)
    drawn = []
    for title, case in chosen.items():
        values = ", ".join(f"{m} {tables.number(v[case][0])}" for m, v in by_case.items() if case in v)
        low, high, unit = window_of(runs, stored, [case])
        panels, errors = _panels(images_of(runs, stored, case), (low, high))
        said = f"{title} of {_leader(found, by_case)}: {case} ({measured.name}: {values})"
        drawn.append({"title": said, "images": figures.maps(panels, unit)})
        if errors:
            drawn.append({"title": f"{title}, error maps", "images": figures.maps(errors, unit)})
    return drawn, ""


def slices_of(runs: Sequence[Scored]) -> tuple[list[Slices], str]:
    """The slices that each run kept, or why they cannot be shown."""
    stored: list[Slices] = [_slices(run) for run in runs]
    missing = [run.label for run, slices in zip(runs, stored, strict=True) if not slices]
    if missing:
        return stored, f"{', '.join(missing)} kept no slices of the cases"
    return stored, "" if kept_in_all(stored) else "no case has slices in every run"


def _slices(run: Scored) -> dict[str, Array]:
    place = run.run.slices
    if not place.exists():
        return {}
    with np.load(place, allow_pickle=False) as stored:
        return {key: stored[key].astype(np.float32) for key in stored.files}


def kept_in_all(stored: Sequence[Slices]) -> set[str]:
    """Cases of which every run kept an image."""
    return set.intersection(*({key.partition("/")[0] for key in slices} for slices in stored))


def ranked(found: Comparison, runs: Sequence[Scored], kept: Collection[str]) -> list[str]:
    """Cases from best to worst, by the first measure of the method with the best mean."""
    if not found.measures:
        return sorted(kept)
    by_case = _by_case(runs, found.measures[0])
    values = by_case.get(_leader(found, by_case), {})
    return sorted((case for case in values if case in kept), key=lambda case: values[case][1])


def _leader(found: Comparison, by_case: Mapping[str, Any]) -> str:
    return next((method for method in found.measures[0].ranked if method in by_case), "")


def _by_case(runs: Sequence[Scored], measured: Measured) -> dict[str, dict[str, tuple[float, float]]]:
    """Value, and its distance from the best, by method and case."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for score in together(runs)[0]:
        if score.measure == measured.name and np.isfinite(score.value):
            pair = (score.value, distance_from_best(score.value, measured.better))
            found.setdefault(score.method, {})[score.case] = pair
    return found


def images_of(runs: Sequence[Scored], stored: Sequence[Slices], case: str) -> dict[str, Array]:
    """The slices of a case by the names of the page: the target, the input, then every method."""
    images: dict[str, Array] = {}
    for run, slices in zip(runs, stored, strict=True):
        for key, image in slices.items():
            kept, _, method = key.partition("/")
            if kept == case and method != "lesion":
                images.setdefault(method if method == "target" else name_of(runs, run, method), image)
    first = [name for name in ("target", "input") if name in images]
    return {name: images[name] for name in [*first, *(n for n in images if n not in first)]}


def window_of(runs: Sequence[Scored], stored: Sequence[Slices], cases: Sequence[str]) -> tuple[float, float, str]:
    """The recipe's display window, else the 1st to 99.5th percentile of the references shown, and the unit.

    Where each image is scaled by its own statistics, the range to which it is brought.
    """
    if runs[0].rules.get("scaled") and runs[0].rules["range"]:
        return (*runs[0].rules["range"], "scaled")
    data = read_json(runs[0].run.data) if runs[0].run.data.exists() else {}
    low, high = data.get("display", {}).get("target", (None, None))
    if low is None:
        every = [(k, a) for slices in stored for k, a in slices.items() if k.partition("/")[0] in cases]
        references = [a for k, a in every if k.endswith("/target")]
        shown = references or [a for k, a in every if not k.endswith("/lesion")]
        low, high = (float(v) for v in np.percentile(np.concatenate([a.ravel() for a in shown]), [1, 99.5]))
    return float(low), float(max(high, low + 1e-6)), unit_of(runs)


def unit_of(runs: Sequence[Scored]) -> str:
    """The unit of the images, where the first run knows it."""
    data = read_json(runs[0].run.data) if runs[0].run.data.exists() else {}
    return str(data.get("units", {}).get("target", ""))


def _panels(images: dict[str, Array], window: tuple[float, float]) -> tuple[list[Any], list[Any]]:
    target = images.pop("target", None)
    reach = (window[1] - window[0]) / 4
    panels = [(paired_figures.shortened(name, 24), image, *window, "gray") for name, image in images.items()]
    errors = [
        (f"{name} - reference", image - target, -reach, reach, "RdBu_r")
        for name, image, *_ in panels
        if target is not None and target.shape == image.shape
    ]
    if target is not None:
        panels.append(("reference", target, *window, "gray"))
    return panels, errors
