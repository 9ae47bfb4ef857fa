"""Scored runs brought together: the same cases, the same range, or a refusal that names what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adversaria.reports.scores import Score, read_scores
from adversaria.run import Run, read_json
from adversaria.vocabulary import UserError

OWN = "output"
RULES = {"range": "data range", "clip": "clipping", "scaled": "scaling", "reference": "image compared with"}


@dataclass(frozen=True)
class Scored:
    """One scored run: its label, scores of cases and of sets, how they were taken, what has none, its facts."""

    label: str
    run: Run
    scores: tuple[Score, ...]
    rules: Mapping[str, Any]
    unmeasured: Mapping[str, str]
    facts: Mapping[str, Any]
    sets: tuple[Score, ...] = ()


def read_scored(folders: Sequence[Path]) -> list[Scored]:
    """Read runs that `evaluate` (or `measure --out`) has scored."""
    found = []
    for folder, label in zip(folders, labels(folders), strict=True):
        run = Run(folder)
        every = read_scores(run.scores)
        scores = tuple(score for score in every if score.case != "set")
        sets = tuple(score for score in every if score.case == "set")
        if not every or not run.evaluation.exists():
            raise UserError(f"{folder} holds no scores.", f"Score it first: adversaria evaluate {folder}")
        unmeasured = read_json(run.unmeasured) if run.unmeasured.exists() else {}
        facts = read_json(run.environment) if run.environment.exists() else {}
        found.append(Scored(label, run, scores, read_json(run.evaluation), unmeasured, facts, sets))
    return found


def labels(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell all of them apart."""
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UserError("the same run was given twice.", "Name different runs.")
    whole = [folder.resolve().parts for folder in folders]
    for length in range(1, max(map(len, whole)) + 1):
        short = ["/".join(parts[-length:]) for parts in whole]
        if len(set(short)) == len(short):
            return short
    raise AssertionError("different folders have different paths")


def check_alike(runs: Sequence[Scored]) -> None:
    """Refuse runs that were scored on other cases, or by another rule, naming what differs."""
    first = runs[0]
    for other in runs[1:]:
        if bool(first.scores) != bool(other.scores):
            only = other.label if first.scores else first.label
            raise UserError(
                f"{only} was scored as a set only: one number a measure, and no cases to pair.",
                "Compare such runs with each other: samples with samples.",
            )
        _check_cases(first, other)
        for rule, said in RULES.items():
            one, two = first.rules.get(rule), other.rules.get(rule)
            if one != two:
                raise UserError(
                    f"{first.label} and {other.label} were scored with another {said}: {one} and {two}.",
                    "Scores of different rules cannot be compared; evaluate both with the same `evaluate` settings.",
                )
        units = {score.measure: score.unit for score in first.scores}
        for score in other.scores:
            if units.get(score.measure, score.unit) != score.unit:
                raise UserError(
                    f"{score.measure} is in '{units[score.measure]}' in {first.label} and in '{score.unit}' in "
                    f"{other.label}.",
                    "Evaluate both in the same unit.",
                )


def _check_cases(first: Scored, other: Scored) -> None:
    one, two = first.rules["cases"], other.rules["cases"]
    remedy = "Compare runs that were tested on the same cases (the same data, split seed and phantom subjects)."
    for name, mine, theirs in ((first.label, one, two), (other.label, two, one)):
        alone = [case for case in mine if case not in theirs]
        if alone:
            raise UserError(
                f"{first.label} and {other.label} were scored on different cases: only {name} has {_few(alone)}.",
                remedy,
            )
    changed = [case for case in one if one[case] != two[case]]
    if changed:
        raise UserError(
            f"{first.label} and {other.label} were scored on different cases: {_few(changed)} have another "
            "reference image in each.",
            remedy,
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def together(runs: Sequence[Scored]) -> tuple[list[Score], dict[str, str]]:
    """One table in which each method has a name of its own, and what was not compared and why.

    A run's own output goes by the run's label. Another method (such as the input) keeps its name where all
    runs that have it agree on its values, and stands once; else the run's label stands before it.
    """
    shared = set.intersection(*({score.measure for score in run.scores} for run in runs))
    left = {
        f"{score.measure} of {run.label}": "not every run has it"
        for run in runs
        for score in run.scores
        if score.measure not in shared
    }
    left |= {f"{name} of {run.label}": why for run in runs for name, why in run.unmeasured.items()}
    rows = []
    for run in runs:
        for score in run.scores:
            if score.measure in shared:
                rows.append(replace(score, method=name_of(runs, run, score.method)))
    return list(dict.fromkeys(replace(row, run="") for row in rows)), left


def name_of(runs: Sequence[Scored], run: Scored, method: str) -> str:
    """The name of a run's method on a page of several runs: see `together`."""
    if len(runs) == 1:
        return method
    if method == OWN:
        return run.label
    holders = [other for other in runs if any(score.method == method for score in other.scores)]
    values = [_values(other, method) for other in holders]
    return method if len(holders) > 1 and all(v == values[0] for v in values) else f"{run.label}: {method}"


def _values(run: Scored, method: str) -> dict[tuple[str, str], float]:
    return {(score.case, score.measure): score.value for score in run.scores if score.method == method}
