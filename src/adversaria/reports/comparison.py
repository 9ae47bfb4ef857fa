"""The page of a comparison, and its tables, made from scored runs alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adversaria import __version__
from adversaria.reports import compared_cases, paired_figures, tables
from adversaria.reports.comparing import Comparison, Measured, Pair, compare_scores, sentences
from adversaria.reports.scored import Scored, check_alike, read_scored, together
from adversaria.run import write_atomically
from adversaria.vocabulary import UserError

FACTS = ("recipe", "plays", "seed", "parameters", "precision", "device", "finished")


def write_comparison(folders: Sequence[Path], out: Path, margins: Mapping[str, float] | None = None) -> Comparison:
    """Compare scored runs and write compare.html, comparison.json, means.csv, pairs.csv, table.tex, table.md."""
    runs = read_scored(folders)
    check_alike(runs)
    scores, left = together(runs)
    if not scores:
        raise UserError("the runs have no measure in common.", "Evaluate them with the same measures.")
    wrong = set(margins or {}) - {score.measure for score in scores}
    if wrong:
        raise UserError(
            f"a margin is given for '{min(wrong)}', which was not measured in every run.",
            f"Measured were {', '.join(dict.fromkeys(score.measure for score in scores))}.",
        )
    found = compare_scores(scores, margins)
    if len(found.methods) < 2:
        raise UserError("there is one method only.", "Give at least two runs, or a run with several methods.")
    notes = sorted({part for score in scores for part in score.note.split("; ") if part})
    said = sentences(found)
    extra: dict[str, Any] = {
        "runs": [run.label for run in runs],
        "rules": dict(runs[0].rules) | {"cases": len(runs[0].rules["cases"])},
    }
    extra |= {"limits": notes, "not_compared": left, "sentences": said}
    for name, content in {
        "compare.html": page(found, runs, left, notes, said),
        "comparison.json": tables.as_json(found, extra),
        "means.csv": tables.means_csv(found),
        "pairs.csv": tables.pairs_csv(found),
        "table.tex": tables.latex(found),
        "table.md": tables.markdown(found),
    }.items():
        write_atomically(out / name, content)
    return found


def page(
    found: Comparison, runs: Sequence[Scored], left: Mapping[str, str], notes: Sequence[str], said: Sequence[str]
) -> str:
    """The self-contained page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("adversaria.reports", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"number": tables.number, "p": tables.p_value}
    cases, why_no_cases = compared_cases.draw(found, runs)
    return environment.get_template("compare.html.j2").render(
        version=__version__,
        found=found,
        headline=_headline(found, runs),
        sentences=said,
        notes=notes,
        left=sorted(left.items()),
        rules=_rules(runs[0]),
        facts=_facts(runs),
        strips=[(m, paired_figures.strips(m.values, m.ranked, tables.heading(m))) for m in found.measures],
        pairs=_pair_figures(found),
        by_measure=[(m, [p for p in found.pairs if p.measure == m.name]) for m in found.measures],
        sets=_sets(runs),
        cases=cases,
        why_no_cases=why_no_cases,
        heading=tables.heading,
    )


def _headline(found: Comparison, runs: Sequence[Scored]) -> str:
    subjects = len({s for m in found.measures for values in m.values.values() for s in values})
    cases = len(runs[0].rules["cases"])
    real = sum(pair.winner is not None for pair in found.pairs)
    tested = sum(pair.p is not None for pair in found.pairs)
    counted = f"{_count(subjects, 'subject')}{f' ({cases} cases)' if cases != subjects else ''}"
    start = f"{_count(len(found.methods), 'method')} on the same {counted}, {_count(len(found.measures), 'measure')}: "
    if not tested:
        return start + "no difference could be tested."
    return start + f"{real or 'none'} of {_count(tested, 'difference')} {'is' if real == 1 else 'are'} real."


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _rules(run: Scored) -> list[tuple[str, str]]:
    rules = run.rules
    low, high = rules["range"] or (None, None)
    rows = [("data range", "not declared" if low is None else f"{low:g} to {high:g}")]
    rows.append(("compared with", str(rules.get("reference", "target"))))
    rows.append(("intensities", "each image scaled by its own statistics" if rules.get("scaled") else "physical units"))
    rows.append(("clipped to the range", "yes" if rules.get("clip") else "no"))
    return rows


def _sets(runs: Sequence[Scored]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Numbers of whole sets by measure: the run's own output, then what it was compared with."""
    found: dict[str, list[tuple[str, str]]] = {}
    for run in runs:
        for score in run.sets:
            name = run.label if score.method == "output" else f"{run.label}: {score.method}"
            value = f"{tables.number(score.value)} {score.unit}".strip()
            found.setdefault(f"{score.measure}, {score.better} is better", []).append((name, f"{value} ({score.note})"))
    return list(found.items())


def _facts(runs: Sequence[Scored]) -> list[tuple[str, list[str]]]:
    rows = []
    for name in FACTS:
        values = [str(run.facts.get(name, "")) for run in runs]
        if any(values):
            rows.append((name, values))
    rows.append(("scored with", [str(run.rules.get("checkpoint", "")) for run in runs]))
    return [("run", [run.label for run in runs]), *rows]


def _pair_figures(found: Comparison) -> list[dict[str, Any]]:
    """For each measure, the best method against the next best: values side by side, and their differences."""
    drawn = []
    for measured in found.measures:
        if len(measured.ranked) < 2:
            continue
        names = (measured.ranked[0], measured.ranked[1])
        one, two = _shared(measured, names)
        if len(one) > 1:
            title = f"{measured.name}{f' ({measured.unit})' if measured.unit else ''}"
            drawn.append(
                {
                    "title": f"{title}: {names[0]} and {names[1]}",
                    "said": _difference(found, measured, names),
                    "scatter": paired_figures.scatter(one, two, names, title),
                    "bland_altman": paired_figures.bland_altman(one, two, names, f"difference in {title}"),
                }
            )
    return drawn


def _shared(measured: Measured, names: tuple[str, str]) -> tuple[list[float], list[float]]:
    first, second = (measured.values[name] for name in names)
    kept = [s for s in first if s in second and np.isfinite(first[s]) and np.isfinite(second[s])]
    return [first[s] for s in kept], [second[s] for s in kept]


def _difference(found: Comparison, measured: Measured, names: tuple[str, str]) -> str:
    pair: Pair = next(p for p in found.pairs if p.measure == measured.name and {p.first, p.second} == set(names))
    d, sign = pair.difference, 1 if pair.first == names[0] else -1
    interval = ""
    if d.low is not None and d.high is not None:
        low, high = sorted((sign * d.low, sign * d.high))
        interval = f", 95 % interval {tables.number(low, 3)} to {tables.number(high, 3)}"
    said = f"{names[0]} minus {names[1]}: {tables.number(sign * d.mean, 3)} {pair.unit}".strip() + interval
    if measured.better.startswith("closer to "):
        said += f" (difference of the distances from {measured.better.removeprefix('closer to ')})"
    if pair.winner is None and pair.p is not None:
        said += f". {pair.seen}"
    return said
