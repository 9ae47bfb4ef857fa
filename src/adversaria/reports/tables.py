"""A comparison as tables for a paper and for programs: CSV, JSON, LaTeX and Markdown."""

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from adversaria.reports.comparing import Comparison, Measured
from adversaria.reports.set_comparing import SetMeasured

_LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\^{}"}


def number(value: float | None, digits: int = 4) -> str:
    """A number as people write it; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}"


def p_value(p: float | None) -> str:
    """A p-value, never as zero."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def heading(measured: Measured | SetMeasured) -> str:
    """Name, unit and direction of a measure."""
    return f"{measured.name}{f' ({measured.unit})' if measured.unit else ''}, {measured.better} is better"


def means_csv(comparison: Comparison) -> str:
    """One row a method and measure: mean, interval, number of subjects, the methods that it really beats."""
    header = ("method", "measure", "unit", "better", "n", "mean", "low", "high", "better_than", "note")
    rows: list[Sequence[Any]] = [header]
    for measured in comparison.measures:
        for method, s in measured.summaries.items():
            beaten = " ".join(comparison.beats.get((method, measured.name), ()))
            facts = (method, measured.name, measured.unit, measured.better)
            rows.append((*facts, s.n, s.mean, s.low, s.high, beaten, s.note))
    return _csv(rows)


def pairs_csv(comparison: Comparison) -> str:
    """One row a pair of methods and measure: difference, interval, tests, effect sizes."""
    header = (
        "measure", "unit", "first", "second", "n", "difference", "low", "high", "p", "p_holm", "test", "standardised",
        "rank_biserial", "winner", "margin", "p_equivalence", "p_wilcoxon", "detectable",
    )  # fmt: skip
    rows: list[Sequence[Any]] = [header]
    for pair in comparison.pairs:
        d, e = pair.difference, pair.equivalence
        equal = (e.margin, e.p) if e else (None, None)
        rows.append(
            (pair.measure, pair.unit, pair.first, pair.second, pair.n, d.mean, d.low, d.high, pair.p, pair.corrected,
             pair.test, pair.standardised, pair.rank_biserial, pair.winner, *equal, pair.wilcoxon, pair.detectable)
        )  # fmt: skip
    for of_set in comparison.set_pairs:
        facts = (of_set.measure, of_set.unit, of_set.first, of_set.second, of_set.n, of_set.difference, None, None)
        tests = (of_set.p, of_set.corrected, of_set.test, None, None, of_set.winner, None, None, None, None)
        rows.append((*facts, *tests))
    return _csv(rows)


def sets_csv(comparison: Comparison) -> str:
    """One row a method and measure of a whole set: the number, the methods that it really beats, its caution."""
    rows: list[Sequence[Any]] = [("method", "measure", "unit", "better", "value", "better_than", "note")]
    for measured in comparison.sets:
        for method, value in measured.values.items():
            beaten = " ".join(comparison.beats.get((method, measured.name), ()))
            note = measured.notes[method]
            rows.append((method, measured.name, measured.unit, measured.better, value, beaten, note))
    return _csv(rows)


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    place = io.StringIO()
    csv.writer(place, lineterminator="\n").writerows([["" if v is None else v for v in row] for row in rows])
    return place.getvalue()


def as_json(comparison: Comparison, extra: dict[str, Any]) -> str:
    """All of it; numbers that JSON does not know are null."""
    found = {
        **extra,
        "methods": comparison.methods,
        "notes": comparison.notes,
        "measures": [dataclasses.asdict(measured) for measured in comparison.measures],
        "pairs": [dataclasses.asdict(pair) for pair in comparison.pairs],
        "sets": [dataclasses.asdict(measured) for measured in comparison.sets],
        "set_pairs": [dataclasses.asdict(pair) for pair in comparison.set_pairs],
    }
    return json.dumps(_plain(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def markdown(comparison: Comparison) -> str:
    """A table of means with intervals; bold where really better than every other method."""
    heads = _heads(comparison)
    rows = _cells(comparison, lambda text: f"**{text}**", lambda text: text.replace("|", "\\|"))
    lines = [_line(heads), _line(["---", *["---:"] * (len(heads) - 1)]), *[_line(row) for row in rows]]
    return "\n".join([*lines, "", _legend(comparison)]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def latex(comparison: Comparison) -> str:
    """The same as a LaTeX tabular, for the booktabs package."""
    heads = _heads(comparison)
    rows = _cells(comparison, lambda text: rf"\textbf{{{text}}}", escaped)
    body = [" & ".join(map(escaped, heads)) + r" \\", r"\midrule", *[" & ".join(row) + r" \\" for row in rows]]
    columns = "l" + "r" * (len(heads) - 1)
    begin = [f"% {_legend(comparison)}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    return "\n".join([*begin, *body, r"\bottomrule", r"\end{tabular}"]) + "\n"


def escaped(text: str) -> str:
    """Text in which LaTeX finds nothing to command."""
    said = "".join(_LATEX.get(character, character) for character in text)
    return said.replace("–", "--").replace("∞", r"$\infty$").replace("−", "$-$")


def _heads(comparison: Comparison) -> list[str]:
    return ["method", *[heading(measured) for measured in comparison.every_measure]]


def _cells(comparison: Comparison, bold: Callable[[str], str], safe: Callable[[str], str]) -> list[list[str]]:
    rows = []
    for method in comparison.methods:
        row = [safe(method)]
        for measured in comparison.measures:
            s = measured.summaries.get(method)
            if s is None:
                row.append(safe("–"))
                continue
            interval = f" [{number(s.low)}, {number(s.high)}]" if s.low is not None else ""
            text = safe(number(s.mean) + interval)
            row.append(bold(text) if comparison.best(method, measured.name) else text)
        for of_set in comparison.sets:
            text = safe(number(of_set.values.get(method)))
            row.append(bold(text) if comparison.best(method, of_set.name) else text)
        rows.append(row)
    return rows


def _legend(comparison: Comparison) -> str:
    counts = sorted({s.n for measured in comparison.measures for s in measured.summaries.values()})
    said = []
    if counts:
        n = _count(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]} subjects"
        enough = any(s.low is not None for measured in comparison.measures for s in measured.summaries.values())
        said.append(f"Mean over {n}, 95 % t interval." if enough else f"Mean over {n}, too few for an interval.")
    if comparison.sets:
        said.append(f"One number a set of images: {', '.join(m.name for m in comparison.sets)}.")
    tests = [
        f"{name}, Holm-corrected over {count} comparisons"
        for name, count in (
            ("paired sign-flip test", sum(pair.p is not None for pair in comparison.pairs)),
            ("for numbers of sets a test of exchange", sum(pair.p is not None for pair in comparison.set_pairs)),
        )
        if count
    ]
    bold = f"Bold: better than every other method, {'; '.join(tests)}; at 5 %."
    said.append(bold if tests else "Nothing is tested.")
    return " ".join(said)


def _count(n: int) -> str:
    return f"{n} subject{'' if n == 1 else 's'}"
