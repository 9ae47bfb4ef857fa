"""M24: intensity along a line, and what it tells of resolution."""

import numpy as np

from adversaria.metrics.facts import Array, Metric

Point = tuple[float, ...]


def line_profile(image: Array, start: Point, end: Point, spacing: Point, step: float = 0.1) -> tuple[Array, Array]:
    """Sample one channel (*S) along a line by linear interpolation; distances and values, every `step` mm.

    `start` and `end` are voxel indices, `spacing` mm a voxel.
    """
    from scipy.ndimage import map_coordinates

    first, last, size = (np.asarray(x, np.float64) for x in (start, end, spacing))
    length = float(np.linalg.norm((last - first) * size))
    if length == 0:
        raise ValueError("the line has no length")
    distance = np.arange(0, length + step / 2, step)
    places = first[:, None] + (last - first)[:, None] * (distance / length)
    return distance, map_coordinates(np.asarray(image, np.float64), places, order=1, mode="nearest")


def edge_width(distance: Array, values: Array) -> float:
    """The 10 to 90 % width of an edge, in the unit of `distance`."""
    low, high = np.percentile(values, [0, 100])
    rising = (values if values[-1] > values[0] else values[::-1]) - low
    if high == low:
        raise ValueError("the profile is constant: there is no edge")
    share = rising / (high - low)
    crossings = [_first_crossing(distance, share, level) for level in (0.1, 0.9)]
    return float(abs(crossings[1] - crossings[0]))


def _first_crossing(distance: Array, share: Array, level: float) -> float:
    index = int(np.argmax(share >= level))
    if index == 0:
        return float(distance[0])
    before, after = share[index - 1], share[index]
    return float(distance[index - 1] + (level - before) / (after - before) * (distance[index] - distance[index - 1]))


def modulation_transfer(distance: Array, values: Array) -> tuple[Array, Array]:
    """Frequencies and MTF from an edge profile: the normalised spectrum of its derivative."""
    step = float(distance[1] - distance[0])
    spread = np.gradient(values, step)
    spectrum = np.abs(np.fft.rfft(spread))
    return np.fft.rfftfreq(len(spread), step), spectrum / spectrum[0]


def mtf50(distance: Array, values: Array) -> float:
    """The frequency at which the MTF falls to one half."""
    frequency, transfer = modulation_transfer(distance, values)
    index = int(np.argmax(transfer < 0.5))
    before, after = transfer[index - 1], transfer[index]
    return float(frequency[index - 1] + (before - 0.5) / (before - after) * (frequency[1] - frequency[0]))


def _width_on_line(output: Array, line: tuple[Point, Point], spacing: Point) -> float:
    """The 10 to 90 % width (mm) of an edge along a line of the image."""
    distance, values = line_profile(output[0], *line, spacing)
    return edge_width(distance, values)


EDGE_WIDTH = Metric(
    "M24",
    "edge_width",
    _width_on_line,
    "lower",
    "mm",
    "0 to infinity",
    ("output", "line", "spacing"),
    "definition",
)
