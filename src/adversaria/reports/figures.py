"""Figures as pictures that a page can carry inside itself."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Curve = tuple[Sequence[float], Sequence[float]]

_INK = "#57606a"
MOST_IN_A_ROW = 5


def curves(series: Mapping[str, Curve], title: str, across: str = "play") -> str:
    """Draw named curves into one small axes; give an SVG as a data address."""
    figure, axes = _axes(4.6, 2.6)
    for name, (x, y) in series.items():
        axes.plot(x, y, label=name, linewidth=1.2)
    positive = [value for _, y in series.values() for value in y if value > 0]
    every = [value for _, y in series.values() for value in y]
    if len(positive) == len(every) and positive and max(positive) > 50 * min(positive):
        axes.set_yscale("log")
    axes.set_title(title, fontsize=9, color=_INK)
    axes.set_xlabel(across, fontsize=8, color=_INK)
    if len(series) > 1:
        axes.legend(fontsize=7, frameon=False, labelcolor=_INK)
    return _svg(figure)


def intervals(rows: Sequence[tuple[str, float, float | None, float | None]], title: str) -> str:
    """Draw means with their intervals, one line a method."""
    figure, axes = _axes(4.6, 0.45 * len(rows) + 0.9)
    for place, (_, mean, low, high) in enumerate(reversed(rows)):
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color="#0969da", linewidth=2)
        axes.plot([mean], [place], "o", color="#0969da", markersize=5)
    axes.set_yticks(range(len(rows)), [name for name, *_ in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_title(title, fontsize=9, color=_INK)
    return _svg(figure)


def maps(panels: Sequence[tuple[str, Array, float, float, str]], unit: str) -> str:
    """Draw slices (H, W), five a row: title, image, window, colour map; give a PNG as a data address."""
    from matplotlib.figure import Figure

    columns = min(len(panels), MOST_IN_A_ROW)
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(2.35 * columns, 2.75 * rows), dpi=110, layout="constrained")
    figure.patch.set_alpha(0)
    places = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for empty in places[len(panels) :]:
        empty.set_axis_off()
    for axes, (title, image, low, high, colours) in zip(places, panels, strict=False):
        shown = axes.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        axes.set_title(title, fontsize=8, color=_INK)
        axes.set_axis_off()
        bar = figure.colorbar(shown, ax=axes, location="bottom", fraction=0.05, pad=0.02)
        bar.ax.tick_params(labelsize=6, colors=_INK)
        bar.set_label(unit, fontsize=6, color=_INK)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return address(buffer.getvalue(), "image/png")


def address(content: bytes, kind: str) -> str:
    """Give bytes as a data address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _axes(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    axes.tick_params(labelsize=7, colors=_INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(_INK)
    return figure, axes


def _svg(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return address(buffer.getvalue(), "image/svg+xml")
