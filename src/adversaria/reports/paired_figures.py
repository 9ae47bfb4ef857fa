"""Figures of paired values: every subject by method, one method against another, and their differences."""

from collections.abc import Mapping, Sequence

import numpy as np

from adversaria.reports.figures import _INK, _axes, _svg

_MARK, _LINE = "#0969da", "#8c959f"


def strips(values: Mapping[str, Mapping[str, float]], order: Sequence[str], title: str) -> str:
    """Every subject's value as a dot, one row a method, lines joining a subject's values."""
    figure, axes = _axes(5.2, 0.42 * len(order) + 0.9)
    rows = {method: len(order) - 1 - k for k, method in enumerate(order)}
    for subject in dict.fromkeys(subject for method in order for subject in values[method]):
        found = [(values[m].get(subject, np.nan), rows[m]) for m in order]
        shown = [(x, y) for x, y in found if np.isfinite(x)]
        axes.plot([x for x, _ in shown], [y for _, y in shown], color=_LINE, linewidth=0.5, alpha=0.5, zorder=1)
    for method in order:
        shown_values = [v for v in values[method].values() if np.isfinite(v)]
        axes.plot(shown_values, [rows[method]] * len(shown_values), "o", color=_MARK, markersize=4, alpha=0.7)
        if shown_values:
            axes.plot([np.mean(shown_values)], [rows[method]], "|", color=_INK, markersize=18, markeredgewidth=2)
    axes.set_yticks(list(rows.values()), [shortened(m) for m in rows])
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.set_title(title, fontsize=9, color=_INK)
    return _svg(figure)


def scatter(first: Sequence[float], second: Sequence[float], names: tuple[str, str], title: str) -> str:
    """One dot a subject: the first method's value across, the second's up, with the line of equality."""
    figure, axes = _axes(3.4, 3.2)
    both = [*first, *second]
    low, high = min(both), max(both)
    margin = 0.05 * (high - low) or max(abs(high), 1) * 0.05
    axes.plot([low - margin, high + margin], [low - margin, high + margin], "--", color=_LINE, linewidth=1)
    axes.plot(first, second, "o", color=_MARK, markersize=5, alpha=0.75)
    axes.set_aspect("equal")
    axes.set_xlabel(shortened(names[0]), fontsize=8, color=_INK)
    axes.set_ylabel(shortened(names[1]), fontsize=8, color=_INK)
    axes.set_title(title, fontsize=9, color=_INK)
    return _svg(figure)


def bland_altman(first: Sequence[float], second: Sequence[float], names: tuple[str, str], title: str) -> str:
    """Difference over mean of two methods, with the mean difference and, from six subjects, 95 % limits."""
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    difference, middle = one - two, (one + two) / 2
    figure, axes = _axes(3.9, 3.2)
    axes.axhline(0, color=_LINE, linewidth=1, linestyle="--")
    axes.axhline(difference.mean(), color=_MARK, linewidth=1.4)
    if len(difference) >= 6:
        reach = 1.96 * difference.std(ddof=1)
        for limit in (difference.mean() - reach, difference.mean() + reach):
            axes.axhline(limit, color=_MARK, linewidth=1.2, linestyle=(0, (2, 3)))
    axes.plot(middle, difference, "o", color=_MARK, markersize=5, alpha=0.75)
    axes.set_xlabel("mean of both", fontsize=8, color=_INK)
    axes.set_ylabel(f"{shortened(names[0])} - {shortened(names[1])}", fontsize=8, color=_INK)
    axes.set_title(title, fontsize=9, color=_INK)
    return _svg(figure)


def shortened(name: str, most: int = 26) -> str:
    """A label that fits beside an axis."""
    return name if len(name) <= most else f"...{name[3 - most :]}"
