"""Power spectra of every method beside the target: of noise in even squares, and of whole slices."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.reports import line_figures
from adversaria.reports.scored import Scored, name_of

Array = NDArray[np.floating[Any]]
Curve = tuple[Array, Array]
TARGET = "target"
KINDS = {"noise": "Noise in even squares", "image": "Whole slices"}


def draw(runs: Sequence[Scored], methods: Sequence[str], unit: str) -> tuple[list[dict[str, Any]], str]:
    """Figures and tables of both kinds of spectrum, or the reason why there are none."""
    stored = [read(run) for run in runs]
    missing = [run.label for run, found in zip(runs, stored, strict=True) if not found]
    if missing:
        return [], f"{', '.join(missing)} kept no spectra of the cases; evaluate again"
    spaced = all(float(found[key]) > 0 for found in stored for key in found if key.endswith("/pixel"))
    drawn = []
    for kind, title in KINDS.items():
        curves, cases = collect(runs, stored, kind)
        if len(curves) < 2:
            continue
        ordered = {name: curves[name] for name in (TARGET, *methods) if name in curves}
        across = "frequency (1/mm)" if spaced else "frequency (1/pixel)"
        area = ("mm²" if spaced else "pixel²") if unit or spaced else "pixel²"
        up = f"power ({unit}² {area})" if unit else f"power (squared intensity · {area})"
        image = line_figures.lines(ordered, methods, title, (across, up), logarithmic=True)
        drawn.append({"title": title, "image": image, "rows": thirds(ordered), "cases": cases})
    return drawn, "" if drawn else "no image has one channel and eight pixels a side"


def read(run: Scored) -> dict[str, Array]:
    """The spectra that a run kept."""
    place = run.run.spectra
    if not place.exists():
        return {}
    with np.load(place, allow_pickle=False) as found:
        return {key: found[key] for key in found.files}


def collect(runs: Sequence[Scored], stored: Sequence[Mapping[str, Array]], kind: str) -> tuple[dict[str, Curve], int]:
    """Mean power by method over the cases that all have; a noisy target stands for the target if there is one."""
    by_name: dict[str, dict[str, Array]] = {}
    for run, found in zip(runs, stored, strict=True):
        for key, curve in found.items():
            case, method, *rest = key.split("/")
            if rest != [kind]:
                continue
            if method in (TARGET, "noise target"):
                name = method
            else:
                name = name_of(runs, run, method)
            by_name.setdefault(name, {})[case] = curve
    if "noise target" in by_name:
        by_name[TARGET] = by_name.pop("noise target")
    shared = set.intersection(*(set(cases) for cases in by_name.values())) if by_name else set()
    if not shared:
        return {}, 0
    return {name: _mean([cases[c] for c in sorted(shared)]) for name, cases in by_name.items()}, len(shared)


def _mean(curves: Sequence[Array]) -> Curve:
    """The mean power on frequencies that all cases have."""
    low, high = max(c[0][0] for c in curves), min(c[0][-1] for c in curves)
    count = int(np.median([c.shape[1] for c in curves]))
    first = curves[0]
    alike = all(c.shape == first.shape and np.allclose(c[0], first[0]) for c in curves)
    frequency = first[0] if alike else np.linspace(low, high, count)
    return frequency, np.mean([np.interp(frequency, c[0], c[1]) for c in curves], axis=0)


def thirds(curves: Mapping[str, Curve]) -> list[tuple[str, list[float]]]:
    """Power of each method over that of the target in the low, middle and high third of the frequencies."""
    if TARGET not in curves:
        return []
    target = curves[TARGET][1]
    rows = []
    for name, (_, power) in curves.items():
        if name != TARGET and power.shape == target.shape and len(power) >= 3:
            parts = zip(np.array_split(power, 3), np.array_split(target, 3), strict=True)
            rows.append((name, [float(a.mean() / b.mean()) if b.mean() > 0 else float("nan") for a, b in parts]))
    return rows
