"""What experiments on claims found, as one Markdown page."""

from collections.abc import Sequence
from dataclasses import fields
from textwrap import wrap

from adversaria.claims.experiment import Experiment, Rows
from adversaria.claims.findings import Finding, over_seeds, verdict
from adversaria.metrics.statistics import Summary, summarise

HEAD = """# Claims of the review, tried

Written by `python -m adversaria.claims`, from its rows. Each claim is tried on phantoms with reduced networks, one
thread, and at most 30 CPU minutes: a verdict says what these numbers show here, not what the papers' data would. Repeat
it with the seeds of the table, or go on where it stopped (rows are kept in the folder; a row of other settings is made
again):

    python -m adversaria.claims NAME --seeds 0 1 2 --minutes 30 --out FOLDER

Test subjects are the same for every seed, which draws the training subjects, weights and batches. Each test subject's
value is the mean over seeds; intervals (95 %, Student's t) are over test subjects, hold for these trainings, and do not
carry the spread over trainings, which the means of the seeds show. A statement is *shown* where its whole interval lies
above 0 and every seed agrees; the verdict on the claim counts the statements marked with a star.
"""


def page(found: Sequence[tuple[Experiment, Rows]]) -> str:
    """Write a page of all experiments: verdicts first."""
    told = [(one, rows, one.findings(rows)) for one, rows in found]
    lines = [HEAD, "| claim | verdict | seeds | CPU min |", "|---|---|---|---|"]
    for one, rows, findings in told:
        seeds = sorted({row.seed for row in rows.found})
        said = ", ".join(map(str, seeds)) or "none"
        lines.append(f"| {one.name} | {told_of(one, rows, findings)} | {said} | {rows.seconds() / 60:.1f} |")
    for one, rows, findings in told:
        lines += ["", *section(one, rows, findings)]
    return "\n".join(lines) + "\n"


def section(one: Experiment, rows: Rows, findings: Sequence[Finding]) -> list[str]:
    """Write one experiment."""
    settings = ", ".join(f"{field.name} {getattr(one, field.name)}" for field in fields(one))
    lines = [
        f"## {one.name}",
        "",
        *wrap(f"{one.claim} ({one.works})", 118),
        "",
        f"**Verdict: {told_of(one, rows, findings)}.**",
        "",
    ]
    lines += [*wrap(one.how, 118), "", *wrap(f"Settings: {settings}.", 118), ""]
    missing = missing_of(one, rows)
    if not rows.found or missing:
        lines += [*wrap(f"Not run yet: {'; '.join(missing) or 'everything'}.", 118), ""]
    return lines + means(one, rows) + ["", *statements(findings)]


def told_of(one: Experiment, rows: Rows, findings: Sequence[Finding]) -> str:
    """The verdict, which there is only when every cell of the seeds was run."""
    return "unfinished, no verdict yet" if missing_of(one, rows) else verdict(findings)


def missing_of(one: Experiment, rows: Rows) -> list[str]:
    """The cells that a seed lacks which has others."""
    return [f"seed {seed}: {c}, {a}" for seed in seeds_of(rows) for c, a in one.cells() if not rows.has(seed, c, a)]


def seeds_of(rows: Rows) -> list[int]:
    """The seeds of which there is anything."""
    return sorted({row.seed for row in rows.found})


def means(one: Experiment, rows: Rows) -> list[str]:
    """Write the mean of each cell over subjects, each the mean over seeds."""
    lines = [f"- `{measure}`: {said}" for measure, said in one.measures.items()]
    lines += [
        "",
        "| condition | arm | seeds | " + " | ".join(one.measures) + " |",
        "|---" * (3 + len(one.measures)) + "|",
    ]
    for condition, arm in one.cells():
        cells = []
        for measure in one.measures:
            by_seed = rows.of(condition, arm, measure)
            cells.append(short(summarise(over_seeds(by_seed))) if by_seed else "")
        if any(cells):
            lines.append(f"| {condition} | {arm} | {len(by_seed)} | " + " | ".join(cells) + " |")
    return lines


def statements(findings: Sequence[Finding]) -> list[str]:
    """Write the statements with their differences."""
    lines = ["| statement | by, mean [interval] | each seed | |", "|---|---|---|---|"]
    for finding in findings:
        seeds = ", ".join(f"{mean:.3g}" for mean in finding.seeds.values())
        star = "* " if finding.judged else ""
        told = finding.statement.replace("|", "\\|")
        lines.append(f"| {star}{told} | {short(finding.difference)} | {seeds} | {finding.verdict} |")
    return lines


def short(found: Summary) -> str:
    """Write a mean with its interval."""
    return str(found)
