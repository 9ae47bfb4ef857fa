"""What the sensitivity study found, as JSON, a long table, Markdown and a figure."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

from adversaria.claims.answers import Answer
from adversaria.claims.degradations import DEGRADATIONS, MODE_DROP
from adversaria.run import write_atomically

WAYS = (*(way.name for way in DEGRADATIONS), MODE_DROP.name)
MARKS = {"blind": "°", "not monotone": "~", "better": "!", "worse": "", "undefined": ""}
HEADER = ("scene", "measure", "per", "better", "degradation", "level", "loss_in_spreads", "verdict", "reader_auc")


def write(studies: Sequence[Any], out: Path) -> None:
    """Write sensitivity.json, .csv, .md and .png."""
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "sensitivity.json", json.dumps([as_plain(study) for study in studies], indent=1) + "\n")
    write_atomically(out / "sensitivity.csv", long_table(studies))
    write_atomically(out / "sensitivity.md", markdown(studies))
    draw(studies, out / "sensitivity.png")


def as_plain(study: Any) -> dict[str, Any]:
    """One study as plain values; what is not a number becomes null."""
    return {
        "scene": study.scene,
        "subjects": study.subjects,
        "measured": study.measured,
        "seed": study.seed,
        "task": study.task,
        "reader_auc": [{"degradation": n, "level": v, "auc": auc} for (n, v), auc in study.reading.items()],
        "measures": [_answer(found) for found in study.answers],
        "left_out": study.left_out,
    }


def _answer(found: Answer) -> dict[str, Any]:
    ways = {name for name, _ in found.losses}
    return {
        "measure": found.measure,
        "per": "set" if found.kind.per_set else "case",
        "better": found.kind.better,
        "unit": found.kind.unit,
        "mean": _plain(found.mean),
        "spread": _plain(found.spread),
        "agreement": _plain(found.agreement),
        "agreement_interval": [_plain(found.low), _plain(found.high)],
        "verdicts": {way: found.verdict(way) for way in WAYS if way in ways},
        "losses": [{"degradation": n, "level": v, "loss": _plain(loss)} for (n, v), loss in found.losses.items()],
    }


def _plain(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.5g}")


def long_table(studies: Sequence[Any]) -> str:
    """One row a scene, measure, degradation and level."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEADER)
    for study in studies:
        for found in study.answers:
            per = "set" if found.kind.per_set else "case"
            for (way, level), loss in found.losses.items():
                auc = study.reading.get((way, level))
                seen = (f"{loss:.5g}", found.verdict(way), "" if auc is None else f"{auc:.4f}")
                rows.writerow([study.scene, found.measure, per, found.kind.better, way, level, *seen])
    return text.getvalue()


def gravest(found: Answer, way: str) -> float | None:
    """The loss at the gravest level of a degradation, None where it was not tried."""
    levels = [level for name, level in found.losses if name == way]
    return found.losses[way, max(levels)] if levels else None


def measures_of(studies: Sequence[Any]) -> list[str]:
    """Measures of all studies, those of cases first, by agreement with the reader where there is one."""
    found: dict[str, list[Answer]] = {}
    for study in studies:
        for one in study.answers:
            found.setdefault(one.measure, []).append(one)

    def place(name: str) -> tuple[bool, float]:
        known = [a.agreement for a in found[name] if a.agreement is not None and np.isfinite(a.agreement)]
        return found[name][0].kind.per_set, -float(np.mean(known)) if known else 2.0

    return sorted(found, key=place)


def markdown(studies: Sequence[Any]) -> str:
    """A table: measures down, degradations across, one number a scene in each cell."""
    heads = ["measure", "better", *WAYS, "agreement"]
    lines = ["Scenes: " + " / ".join(study.scene for study in studies) + ".", ""]
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name in measures_of(studies):
        answers = [next((a for a in study.answers if a.measure == name), None) for study in studies]
        kind = next(a for a in answers if a is not None).kind
        cells = [" / ".join(_cell(a, way) for a in answers) for way in WAYS]
        agreement = " / ".join(_agreement(a) for a in answers)
        lines.append("| " + " | ".join([name, kind.better, *map(_joined, cells), _joined(agreement)]) + " |")
    return "\n".join(lines) + "\n"


def _joined(cell: str) -> str:
    return "" if set(cell) <= set("- /") else cell


def _cell(found: Answer | None, way: str) -> str:
    loss = None if found is None else gravest(found, way)
    if found is None or loss is None:
        return "-"
    return f"{number(loss)}{MARKS[found.verdict(way)]}" if np.isfinite(loss) else "?"


def number(value: float) -> str:
    """Two digits are enough for a number of spreads."""
    if abs(value) > 999:
        return "> 999" if value > 0 else "< -999"
    return f"{value:.0f}" if abs(value) >= 9.95 else f"{value:.1f}"


def _agreement(found: Answer | None) -> str:
    if found is None or found.agreement is None or not np.isfinite(found.agreement):
        return "-"
    return f"{found.agreement:.2f}"


def draw(studies: Sequence[Any], path: Path) -> None:
    """Draw losses at the gravest level as colours, a panel a scene, with agreement beside them."""
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure

    names = measures_of(studies)
    figure = Figure(figsize=(2.6 + 2.6 * len(studies), 1.6 + 0.21 * len(names)), layout="constrained")
    axes = figure.subplots(1, len(studies), sharey=True, squeeze=False)[0]
    shown = None
    for study, ax in zip(studies, axes, strict=True):
        losses = np.full((len(names), len(WAYS) + 1), np.nan)
        for found in study.answers:
            row = names.index(found.measure)
            for column, way in enumerate(WAYS):
                loss = gravest(found, way)
                losses[row, column] = np.nan if loss is None else loss
                if loss is not None and (mark := MARKS[found.verdict(way)]):
                    shade = "white" if abs(loss) > 20 else "black"
                    ax.text(column, row, mark, ha="center", va="center", fontsize=8, color=shade)
            ax.text(len(WAYS), row, _agreement(found), ha="center", va="center", fontsize=7)
        norm = SymLogNorm(linthresh=1, vmin=-100, vmax=100)
        shown = ax.imshow(losses, cmap="RdBu_r", norm=norm, aspect="auto", interpolation="nearest")
        ax.set_xticks(range(len(WAYS) + 1), [*WAYS, "agreement"], rotation=60, ha="right", fontsize=8)
        ax.set_yticks(range(len(names)), names, fontsize=7)
        ax.set_title("\n".join([study.scene, *wrap(study.task, 30)]), fontsize=8)
    if shown is not None:
        bar = figure.colorbar(shown, ax=list(axes), shrink=0.6, ticks=[-100, -10, -1, 0, 1, 10, 100])
        bar.set_label("loss at the gravest level, in spreads (above 0: called worse)", fontsize=8)
        bar.ax.set_yticklabels(["-100", "-10", "-1", "0", "1", "10", "100"], fontsize=7)
    figure.savefig(path, dpi=110)
