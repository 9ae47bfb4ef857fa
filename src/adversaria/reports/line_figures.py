"""Figures of lines by method: each method has one colour and dash on the whole page, the target is black."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.reports.figures import _INK, _axes, _svg
from adversaria.reports.paired_figures import shortened

Array = NDArray[np.floating[Any]]
Lines = Mapping[str, tuple[Array, Array]]

# Okabe and Ito's colours, which the colour-blind can tell apart, without the yellow that fades on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A", "#7F7F7F")
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


def style_of(name: str, methods: Sequence[str]) -> dict[str, Any]:
    """Colour, dash and width of a method's line."""
    if name not in methods:
        return {"color": "#000000", "linewidth": 2.0, "linestyle": "-", "zorder": 5}
    place = list(methods).index(name)
    return {"color": COLOURS[place % 8], "linestyle": DASHES[place % 4], "linewidth": 1.3}


def lines(series: Lines, methods: Sequence[str], title: str, axes_names: tuple[str, str], logarithmic: bool) -> str:
    """Draw one line a name into one axes with a legend below it; give an SVG as a data address."""
    figure, axes = _axes(5.2, 3.3 + 0.2 * math.ceil(len(series) / 3))
    draw(axes, series, methods, axes_names)
    if logarithmic and all((y > 0).all() for _, y in series.values()):
        axes.set_yscale("log")
        axes.tick_params(which="both", labelsize=7, colors=_INK)
    axes.set_title(title, fontsize=9, color=_INK)
    figure.legend(fontsize=8, frameon=False, labelcolor=_INK, loc="outside lower center", ncols=3)
    return _svg(figure)


def profile(
    image: Array, window: tuple[float, float], row: int, ends: tuple[int, int], series: Lines, methods: Sequence[str],
    axes_names: tuple[str, str],
) -> str:  # fmt: skip
    """Draw the reference with the line on it, and beside it the values of every method along the line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 3.3), layout="constrained")
    figure.patch.set_alpha(0)
    place, axes = figure.subplots(1, 2, width_ratios=(1, 2))
    place.imshow(image, cmap="gray", vmin=window[0], vmax=window[1], interpolation="nearest")
    place.plot(ends, (row, row), color="#E69F00", linewidth=1.6)
    place.set_axis_off()
    place.set_title("reference, and where the line lies", fontsize=8, color=_INK)
    axes.patch.set_alpha(0)
    axes.tick_params(labelsize=7, colors=_INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(_INK)
    draw(axes, series, methods, axes_names)
    axes.legend(fontsize=7, frameon=False, labelcolor=_INK, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _svg(figure)


def draw(axes: Any, series: Lines, methods: Sequence[str], axes_names: tuple[str, str]) -> None:
    """Draw the lines and name the axes."""
    for name, (x, y) in series.items():
        axes.plot(x, y, label=shortened(name), **style_of(name, methods))
    axes.set_xlabel(axes_names[0], fontsize=8, color=_INK)
    axes.set_ylabel(axes_names[1], fontsize=8, color=_INK)
