"""The page of a comparison, and its tables, made from scored runs alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adversaria.reports import tables
from adversaria.reports.comparing import Comparison, compare_scores
from adversaria.reports.comparison_page import page
from adversaria.reports.conclusions import sentences
from adversaria.reports.scored import check_alike, read_scored, together
from adversaria.reports.set_comparing import read_sets
from adversaria.run import write_atomically
from adversaria.vocabulary import UserError


def write_comparison(folders: Sequence[Path], out: Path, margins: Mapping[str, float] | None = None) -> Comparison:
    """Compare scored runs; write compare.html, comparison.json, means.csv, pairs.csv, sets.csv, table.tex, table.md."""
    runs = read_scored(folders)
    check_alike(runs)
    scores, left = together(runs)
    seen = read_sets(runs)
    if not scores and not seen:
        raise UserError("the runs have no measure in common.", "Evaluate them with the same measures.")
    wrong = set(margins or {}) - {score.measure for score in scores}
    if wrong:
        raise UserError(
            f"a margin is given for '{min(wrong)}', which was not measured in every run.",
            f"Measured were {', '.join(dict.fromkeys(score.measure for score in scores))}.",
        )
    found = compare_scores(scores, margins, seen)
    if len(found.methods) < 2:
        raise UserError("there is one method only.", "Give at least two runs, or a run with several methods.")
    left |= _untested(found)
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
        "sets.csv": tables.sets_csv(found),
        "table.tex": tables.latex(found),
        "table.md": tables.markdown(found),
    }.items():
        write_atomically(out / name, content)
    return found


def _untested(found: Comparison) -> dict[str, str]:
    """Numbers of sets that stand side by side without a test, and why; the first reason of each."""
    why: dict[str, str] = {}
    for pair in found.set_pairs:
        if pair.p is None:
            why.setdefault(f"a test of {pair.measure}", pair.test.removeprefix("not tested: "))
    return why
