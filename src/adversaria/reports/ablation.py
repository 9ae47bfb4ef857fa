"""What a recipe loses without each of its terms: a table of paired differences from the whole."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adversaria.metrics.statistics import holm
from adversaria.reports import tables
from adversaria.reports.comparing import LEVEL, Comparison, Measured, Pair

HEADER = (
    "without",
    "measure",
    "unit",
    "better",
    "whole",
    "mean",
    "change",
    "low",
    "high",
    "n",
    "p",
    "corrected_p",
    "real",
)


@dataclass(frozen=True)
class Change:
    """One term and measure: means of the whole and without the term, and the change (without minus whole).

    For a measure that should be close to a number, the change is that of the distance from it. `corrected`
    is Holm's over the changes of this table alone, None under six subjects.
    """

    without: str
    measure: str
    unit: str
    better: str
    whole: float
    mean: float
    change: float
    low: float | None
    high: float | None
    n: int
    p: float | None
    corrected: float | None = None

    @property
    def real(self) -> bool:
        """Whether the change stands after correction."""
        return self.corrected is not None and self.corrected <= LEVEL


def changes(found: Comparison, whole: str) -> list[Change]:
    """Every change from the method `whole`, corrected over these alone."""
    measured = {m.name: m for m in found.measures}
    pairs = [p for p in found.pairs if whole in (p.first, p.second) and "input" not in (p.first, p.second)]
    tested = [k for k, pair in enumerate(pairs) if pair.p is not None]
    adjusted = dict(zip(tested, holm([pairs[k].p or 0.0 for k in tested]), strict=True))
    return [_change(measured[pair.measure], pair, whole, adjusted.get(k)) for k, pair in enumerate(pairs)]


def _change(measured: Measured, pair: Pair, whole: str, corrected: float | None) -> Change:
    other = pair.second if pair.first == whole else pair.first
    sign = -1.0 if pair.first == whole else 1.0
    d = pair.difference
    ends = sorted(sign * end for end in (d.low, d.high) if end is not None)
    low, high = ends if len(ends) == 2 else (None, None)
    means = (measured.summaries[whole].mean, measured.summaries[other].mean)
    facts = (other, measured.name, measured.unit, measured.better)
    return Change(*facts, *means, sign * d.mean, low, high, pair.n, pair.p, corrected)


def as_csv(rows: Sequence[Change]) -> str:
    """One row a term and measure."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER)
    for r in rows:
        table.writerow(
            [
                r.without,
                r.measure,
                r.unit,
                r.better,
                r.whole,
                r.mean,
                r.change,
                r.low,
                r.high,
                r.n,
                r.p,
                r.corrected,
                r.real,
            ]
        )
    return text.getvalue()


def markdown(rows: Sequence[Change], facts: Sequence[str] = ()) -> str:
    """A table: terms down, measures across, the change with its interval in each cell; bold where it is real."""
    measures = list(dict.fromkeys(r.measure for r in rows))
    first = {r.measure: r for r in reversed(rows)}
    heads = [f"{m} ({first[m].unit})" if first[m].unit else m for m in measures]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    lines.append("| better | " + " | ".join(first[m].better for m in measures) + " |")
    lines.append("| whole | " + " | ".join(tables.number(first[m].whole) for m in measures) + " |")
    for name in dict.fromkeys(r.without for r in rows):
        cells = [next((_cell(r) for r in rows if (r.without, r.measure) == (name, m)), "-") for m in measures]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *legend(rows), *facts]) + "\n"


def _cell(row: Change) -> str:
    said = f"{row.change:+.3g}"
    if row.low is not None and row.high is not None:
        said += f" [{row.low:+.3g}, {row.high:+.3g}]"
    return f"**{said}**" if row.real else said


def legend(rows: Sequence[Any]) -> list[str]:
    """What the table shows, in words."""
    tested = sum(row.p is not None for row in rows)
    said = "Rows are changes from the whole when one term is off, over the same test subjects, with 95 % t intervals."
    if not tested:
        return [said + " Under six subjects nothing is tested."]
    return [said + f" Bold: real at 5 % after Holm's correction over the {tested} changes of this table."]
