"""Runs side by side on the same cases."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError


def compare(
    *runs: Path,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("comparison"),
    margin: list[str] | None = None,
    json: bool = False,
    quiet: bool = False,
) -> Any:
    """Compare runs on the same cases and measures: paired tests, one page, tables for a paper.

    Differences are tested subject by subject with a sign-flip test, numbers of whole sets (FID and the like) by
    letting two methods' images change places. Each kind is corrected over all its pairs and measures (Holm); a
    difference is called real if it then stands at 5 %. Wilcoxon's test stands beside and decides nothing. Under six
    subjects nothing is tested.
    Runs scored on other cases, or by another data range, are refused.

    Parameters
    ----------
    runs
        Run folders that `adversaria evaluate` has scored, or folders that `adversaria measure --out` wrote.
    out
        Folder for compare.html, comparison.json, means.csv, pairs.csv, sets.csv, table.tex and table.md.
    margin
        MEASURE=VALUE: methods that differ by less than this (in the measure's unit) count as equivalent, and
        that is tested too. Choose it before looking.
    json
        Print the comparison as JSON.
    quiet
        Print nothing but the result.
    """
    from adversaria.commands.progress import console
    from adversaria.reports import tables, write_comparison
    from adversaria.reports.conclusions import sentences

    if not runs:
        raise UserError("no runs were given.", "adversaria compare RUN RUN...")
    out.mkdir(parents=True, exist_ok=True)
    found = write_comparison(runs, out, _margins(margin or []))
    if json:
        print((out / "comparison.json").read_text(encoding="utf-8"), end="")
        return found
    _show(found)
    for sentence in sentences(found):
        print(sentence)
    for note in found.notes:
        print(f"note: {note}")
    for pair in found.pairs:
        if pair.equivalence is not None:
            print(_equivalence(pair, tables.p_value(pair.equivalence.p)))
    if not quiet:
        console.print(f"wrote {out / 'compare.html'} and tables beside it", markup=False)
    return found


def _margins(given: list[str]) -> dict[str, float]:
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise UserError(f"--margin {text} is not MEASURE=VALUE.", "For example --margin psnr=0.5") from None
        if not found[name] > 0:
            raise UserError(f"the margin of {name} must be positive.", "For example --margin psnr=0.5")
    return found


def _equivalence(pair: Any, p: str) -> str:
    """Say whether two methods are equivalent within the stated margin."""
    said = "are equivalent" if pair.equivalence.p is not None and pair.equivalence.p <= 0.05 else "are not shown equal"
    within = f"within {pair.equivalence.margin:g} {pair.unit}".strip()
    return f"{pair.measure}: {pair.first} and {pair.second} {said} {within} (p {p})"


def _show(found: Any) -> None:
    """Print means with intervals, and which methods each one really beats."""
    import sys

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(title="mean over subjects [95 % t interval]; > really better than", min_width=60)
    letters = {method: "abcdefghijklmnopqrstuvwxyz"[k % 26] for k, method in enumerate(found.methods)}
    drawn.add_column("measure")
    for method in found.methods:
        drawn.add_column(f"{letters[method]}: {method}", justify="right", overflow="fold")
    for measured in found.measures:
        cells = []
        for method in found.methods:
            beaten = " ".join(letters[m] for m in found.beats.get((method, measured.name), ()))
            summary = measured.summaries.get(method)
            cells.append(f"{summary}{f' > {beaten}' if beaten else ''}" if summary else "-")
        drawn.add_row(f"{measured.name} ({measured.unit})" if measured.unit else measured.name, *cells)
    for of_set in found.sets:
        cells = []
        for method in found.methods:
            beaten = " ".join(letters[m] for m in found.beats.get((method, of_set.name), ()))
            value = of_set.values.get(method)
            cells.append("-" if value is None else f"{value:.4g}{f' > {beaten}' if beaten else ''}")
        drawn.add_row(escape(f"{of_set.name}, of the set"), *cells)
    Console(width=None if sys.stdout.isatty() else 120).print(drawn)
