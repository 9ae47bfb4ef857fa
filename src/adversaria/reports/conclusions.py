"""A comparison in words, from its numbers alone."""

from collections.abc import Sequence

from adversaria.reports.comparing import Comparison, Measured
from adversaria.reports.set_comparing import SetMeasured


def sentences(comparison: Comparison) -> list[str]:
    """The result in words, one sentence a measure, from the numbers alone."""
    tested = {pair.measure for pair in comparison.every_pair if pair.p is not None}
    said = []
    for measured in comparison.measures:
        leader = measured.ranked[0]
        start = f"{leader} has the best mean, {measured.summaries[leader].mean:.4g} {measured.unit}".strip()
        said.append(_sentence(comparison, measured, start, measured.name in tested))
    for of_set in comparison.sets:
        start = f"{of_set.ranked[0]} has the best number, {of_set.values[of_set.ranked[0]]:.4g}"
        said.append(_sentence(comparison, of_set, start, of_set.name in tested))
    return said


def _sentence(comparison: Comparison, measured: Measured | SetMeasured, start: str, tested: bool) -> str:
    leader, *others = measured.ranked
    start = f"{measured.name} ({measured.better} is better): {start}"
    if not others:
        return f"{start}."
    if not tested:
        return f"{start}; nothing could be tested."
    beaten = [m for m in others if m in comparison.beats.get((leader, measured.name), ())]
    level = [m for m in others if m not in beaten]
    said = [f"really better than {_listed(beaten)}"] if beaten else []
    said += [f"not shown to differ from {_listed(level)}"] if level else []
    return f"{start}; {' and '.join(said)}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
