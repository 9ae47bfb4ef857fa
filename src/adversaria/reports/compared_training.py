"""How every run of a comparison was trained: validation measures on one axes, losses run by run."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.reports import figures, line_figures, tables
from adversaria.reports.html import table_of
from adversaria.reports.scored import Scored

Array = NDArray[np.floating[Any]]
MOST_POINTS = 200


Drawn = list[dict[str, str]]


def draw(runs: Sequence[Scored], methods: Sequence[str]) -> tuple[Drawn, Drawn, list[str]]:
    """Figures of validation, of losses, and the labels of runs that were not trained here."""
    validation: Drawn = []
    losses: Drawn = []
    without = []
    measured: dict[str, dict[str, tuple[Array, Array]]] = {}
    for run in runs:
        for name, curve in _series(table_of(run.run.validation), ("measure",), "value").items():
            measured.setdefault(name, {})[run.label] = curve
        terms = _series(table_of(run.run.log), ("player", "term"), "value")
        terms = {name: curve for name, curve in terms.items() if not name.endswith("gradient_norm")}
        if not terms:
            without.append(run.label)
            continue
        plain = {name: (x.tolist(), y.tolist()) for name, (x, y) in terms.items()}
        losses.append({"title": run.label, "terms": ", ".join(terms), "image": figures.curves(plain, run.label)})
    for name, curves in measured.items():
        image = line_figures.lines(curves, methods, f"validation: {name}", ("play", name), logarithmic=False)
        last = ", ".join(f"{label} {tables.number(float(y[-1]))}" for label, (_, y) in curves.items())
        validation.append({"title": f"{name} on validation cases", "image": image, "last": last})
    return validation, losses, without


def _series(rows: Sequence[Mapping[str, str]], names: tuple[str, ...], value: str) -> dict[str, tuple[Array, Array]]:
    grouped: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        name = " ".join(row[n] for n in names)
        grouped.setdefault(name, []).append((float(row["play"]), float(row[value])))
    return {name: _thinned(np.array(points, np.float64)) for name, points in grouped.items()}


def _thinned(points: Array) -> tuple[Array, Array]:
    """At most 200 points, each the mean of its neighbours."""
    parts = np.array_split(points, min(MOST_POINTS, len(points)))
    means = np.array([part.mean(0) for part in parts])
    return means[:, 0], means[:, 1]
