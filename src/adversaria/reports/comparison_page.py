"""The page of a comparison: everything that its template shows, and nothing that it has to work out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adversaria import __version__
from adversaria.reports import compared_cases, compared_training, paired_figures, profiles, spectra, tables
from adversaria.reports.comparing import Comparison, Measured, Pair
from adversaria.reports.pages import template
from adversaria.reports.scored import Scored

FACTS = ("recipe", "plays", "seed", "parameters", "precision", "device", "finished")
SCALINGS = {
    False: "physical units",
    True: "each image scaled by its own statistics",
    "truth": "all images of a case scaled by the statistics of its truth",
}


def page(
    found: Comparison, runs: Sequence[Scored], left: Mapping[str, str], notes: Sequence[str], said: Sequence[str]
) -> str:
    """The self-contained page."""
    cases, why_no_cases = compared_cases.draw(found, runs)
    unit = compared_cases.unit_of(runs)
    known = "" if runs[0].rules.get("scaled") or unit == "arbitrary" else unit
    curves, why_no_spectra = spectra.draw(runs, found.methods, known)
    line, why_no_line = profiles.draw(found, runs)
    validation, losses, without = compared_training.draw(runs, found.methods)
    why = {"pictures of cases": why_no_cases, "spectra": why_no_spectra, "a line profile": why_no_line}
    why |= {"training curves": f"{', '.join(without)}: no log of a training lies in the run" if without else ""}
    return template("compare.html.j2", number=tables.number, p=tables.p_value).render(
        version=__version__,
        found=found,
        headline=_headline(found, runs),
        sentences=said,
        notes=notes,
        left=[*_grouped(left), *((name, reason) for name, reason in why.items() if reason)],
        rules=_rules(runs[0]),
        facts=_facts(runs),
        strips=[(m, paired_figures.strips(m.values, m.ranked, tables.heading(m))) for m in found.measures],
        pairs=_pair_figures(found),
        by_measure=[(m, [p for p in found.pairs if p.measure == m.name]) for m in found.measures],
        by_set=[(m, [p for p in found.set_pairs if p.measure == m.name]) for m in found.sets],
        cases=cases,
        spectra=curves,
        profile=line,
        validation=validation,
        losses=losses,
        heading=tables.heading,
    )


def _grouped(left: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was not compared, with the runs of which the same holds in one line."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, why in sorted(left.items()):
        measure, _, run = name.partition(" of ")
        found.setdefault((measure, why), []).append(run)
    said = {key: f"{key[0]} of {', '.join(of)}" if any(of) else key[0] for key, of in found.items()}
    return [(said[measure, why], why) for measure, why in found]


def _headline(found: Comparison, runs: Sequence[Scored]) -> str:
    subjects = len({s for m in found.measures for values in m.values.values() for s in values})
    cases = len(runs[0].rules["cases"])
    real = sum(pair.winner is not None for pair in found.every_pair)
    counted = f" on the same {_count(subjects, 'subject')}" if subjects else ""
    counted += f" ({_count(cases, 'case')})" if cases != subjects and subjects else ""
    measures = len(found.measures) + len(found.sets)
    start = f"{_count(len(found.methods), 'method')}{counted}, {_count(measures, 'measure')}: "
    if not found.tested:
        return start + "no difference could be tested."
    return start + f"{real or 'none'} of {_count(found.tested, 'difference')} {'is' if real == 1 else 'are'} real."


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _rules(run: Scored) -> list[tuple[str, str]]:
    rules = run.rules
    low, high = rules["range"] or (None, None)
    rows = [("data range", "not declared" if low is None else f"{low:g} to {high:g}")]
    rows.append(("compared with", str(rules.get("reference", "target"))))
    rows.append(("intensities", SCALINGS[rules.get("scaled", False)]))
    rows.append(("clipped to the range", "yes" if rules.get("clip") else "no"))
    return rows


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
