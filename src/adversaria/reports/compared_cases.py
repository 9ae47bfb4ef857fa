"""Cases of a comparison as pictures: the best, the median and the worst, with error maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.reports import figures, paired_figures, tables
from adversaria.reports.comparing import Comparison, Measured
from adversaria.reports.scored import Scored, together
from adversaria.run import read_json

Array = NDArray[np.floating[Any]]


def draw(found: Comparison, runs: Sequence[Scored]) -> tuple[list[dict[str, str]], str]:
    """Best, median and worst case of the leader on the first measure, with error maps, if the runs kept slices."""
    measured = found.measures[0]
    stored = [_slices(run) for run in runs]
    missing = [run.label for run, slices in zip(runs, stored, strict=True) if not slices]
    if missing:
        return [], f"{', '.join(missing)} kept no slices of the cases."
    kept = set.intersection(*({key.partition("/")[0] for key in slices} for slices in stored))
    by_case = _by_case(runs, measured)
    leader = next((m for m in measured.ranked if m in by_case), None)
    ranked = sorted((c for c in by_case.get(leader or "", {}) if c in kept), key=lambda c: by_case[leader or ""][c])
    if not ranked:
        return [], "no case has slices in every run."
    if measured.better == "higher":
        ranked.reverse()
    chosen = {"Best case": ranked[0], "Median case": ranked[len(ranked) // 2], "Worst case": ranked[-1]}
    window = _window(runs, stored, list(chosen.values()))
    drawn = []
    for title, case in dict(list(chosen.items())[: len(ranked)]).items():
        values = ", ".join(f"{m} {tables.number(v[case])}" for m, v in by_case.items() if case in v)
        panels, errors = _panels(runs, stored, case, window)
        said = f"{title} of {leader}: {case} ({measured.name}: {values})"
        drawn.append({"title": said, "images": figures.maps(panels, window[2])})
        if errors:
            drawn.append({"title": f"{title}, error maps", "images": figures.maps(errors, window[2])})
    return drawn, ""


def _by_case(runs: Sequence[Scored], measured: Measured) -> dict[str, dict[str, float]]:
    scores, _ = together(runs)
    found: dict[str, dict[str, float]] = {}
    for score in scores:
        if score.measure == measured.name and np.isfinite(score.value):
            value = score.value
            if measured.better.startswith("closer to "):
                value = abs(value - float(measured.better.removeprefix("closer to ")))
            found.setdefault(score.method, {})[score.case] = value
    return found


def _slices(run: Scored) -> dict[str, Array]:
    place = run.run.slices
    if not place.exists():
        return {}
    with np.load(place, allow_pickle=False) as stored:
        return {key: stored[key].astype(np.float32) for key in stored.files}


def _window(runs: Sequence[Scored], stored: Sequence[dict[str, Array]], cases: Sequence[str]) -> tuple[Any, Any, str]:
    """The recipe's display window, else the 1st to 99th percentile of the references shown."""
    data = read_json(runs[0].run.data) if runs[0].run.data.exists() else {}
    low, high = data.get("display", {}).get("target", (None, None))
    unit = data.get("units", {}).get("target", "")
    if low is None:
        shown = [a for slices in stored for k, a in slices.items() if k.partition("/")[0] in cases]
        low, high = (float(v) for v in np.percentile(np.concatenate([a.ravel() for a in shown]), [1, 99]))
    return low, max(high, low + 1e-6), unit


def _panels(
    runs: Sequence[Scored], stored: Sequence[dict[str, Array]], case: str, window: tuple[Any, Any, str]
) -> tuple[list[Any], list[Any]]:
    low, high, _ = window
    reach = (high - low) / 4
    target = next((slices[f"{case}/target"] for slices in stored if f"{case}/target" in slices), None)
    images: dict[str, Array] = {}
    for run, slices in zip(runs, stored, strict=True):
        mine = {key.partition("/")[2]: image for key, image in slices.items() if key.partition("/")[0] == case}
        if "input" in mine:
            images.setdefault("input", mine["input"])
        for method, image in mine.items():
            if method not in ("target", "input"):
                name = run.label if method == "output" and len(runs) > 1 else method
                images[name] = image
    ordered = sorted(images.items(), key=lambda pair: pair[0] != "input")
    panels = [(paired_figures.shortened(name, 20), image, low, high, "gray") for name, image in ordered]
    errors = [
        (f"{name} - reference", image - target, -reach, reach, "RdBu_r")
        for name, image, *_ in panels
        if target is not None and target.shape == image.shape
    ]
    if target is not None:
        panels.append(("reference", target, low, high, "gray"))
    return panels, errors
