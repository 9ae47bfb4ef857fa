"""The long table of scores: one row a case, method and measure."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adversaria.metrics.statistics import Summary, paired, summarise

HEADER = ("run", "case", "subject", "region", "method", "measure", "value", "unit", "better", "note")


@dataclass(frozen=True)
class Score:
    """One value of one case; `subject` is a number of the run, never a name; `note` limits what it shows."""

    run: str
    case: str
    subject: str
    region: str
    method: str
    measure: str
    value: float
    unit: str
    better: str
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A method's mean over subjects for one measure; `best` if no other method is as good beyond doubt."""

    method: str
    measure: str
    unit: str
    better: str
    summary: Summary
    best: bool = False


def write_scores(path: Path, scores: Sequence[Score]) -> None:
    """Write the table."""
    lines = [",".join(HEADER)]
    lines += [",".join(_field(getattr(score, name)) for name in HEADER) for score in scores]
    temporary = path.with_name(f".writing-{path.name}")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_scores(path: Path) -> list[Score]:
    """Read the table; an absent file has no scores."""
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return [Score(**{**row, "value": float(row["value"])}) for row in csv.DictReader(file)]  # type: ignore[arg-type]


def table(scores: Sequence[Score], level: float = 0.95) -> list[Cell]:
    """Summarise by method and measure, over subjects (cases of one subject are averaged first).

    Numbers of whole sets (case "set") are no values of cases and stay out.
    """
    cells = []
    scores = [score for score in scores if score.case != "set"]
    for measure in dict.fromkeys(score.measure for score in scores):
        mine = [score for score in scores if score.measure == measure]
        by_method = {
            method: _by_subject([s for s in mine if s.method == method])
            for method in dict.fromkeys(score.method for score in mine)
        }
        best = _best(by_method, mine[0].better, level)
        for method, values in by_method.items():
            summary = summarise(list(values.values()), level)
            cells.append(Cell(method, measure, mine[0].unit, mine[0].better, summary, method == best))
    return cells


def distance_from_best(value: float, better: str) -> float:
    """Bring a value to a scale on which smaller is better."""
    if better == "higher":
        return -value
    if better.startswith("closer to "):
        return abs(value - float(better.removeprefix("closer to ")))
    return value


def _by_subject(scores: Sequence[Score]) -> dict[str, float]:
    grouped: dict[str, list[float]] = {}
    for score in scores:
        grouped.setdefault(score.subject, []).append(score.value)
    return {subject: math.fsum(values) / len(values) for subject, values in grouped.items()}


def _best(by_method: dict[str, dict[str, float]], better: str, level: float) -> str | None:
    """The method whose lead over every other is beyond doubt, subject by subject; else none."""
    ranked = {
        method: {subject: distance_from_best(value, better) for subject, value in values.items()}
        for method, values in by_method.items()
    }
    if len(ranked) < 2 or better == "neither":
        return None
    leader = min(ranked, key=lambda method: summarise(list(ranked[method].values())).mean)
    for method, values in ranked.items():
        shared = [subject for subject in values if subject in ranked[leader]]
        if method == leader:
            continue
        gap = paired([values[s] for s in shared], [ranked[leader][s] for s in shared], level)
        if gap.low is None or gap.low <= 0:
            return None
    return leader


def _field(value: object) -> str:
    text = repr(value) if isinstance(value, float) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text
