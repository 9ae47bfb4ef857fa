"""M24: intensity along a line, and what it tells of resolution."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked

Point = tuple[float, ...]


def line_profile(image: Array, start: Point, end: Point, spacing: Point, step: float = 0.1) -> tuple[Array, Array]:
    """Sample one channel (*S) along a line by linear interpolation; distances and values, every `step` mm.

    `start` and `end` are voxel indices, `spacing` mm a voxel.
    """
    from scipy.ndimage import map_coordinates

    first, last = (np.asarray(x, np.float64) for x in (start, end))
    if not len(first) == len(last) == np.ndim(image):
        raise ValueError(f"a line of {len(first)} axes does not lie in an image of {np.ndim(image)}")
    size = np.asarray(spacing, np.float64)[: len(first)]
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
        raise NotApplicable("the profile is constant: there is no edge")
    share = rising / (high - low)
    crossings = [_first_crossing(distance, share, level) for level in (0.1, 0.9)]
    return float(abs(crossings[1] - crossings[0]))


def _first_crossing(distance: Array, share: Array, level: float) -> float:
    index = int(np.argmax(share >= level))
    if index == 0:
        return float(distance[0])
    before, after = share[index - 1], share[index]
    return float(distance[index - 1] + (level - before) / (after - before) * (distance[index] - distance[index - 1]))


def line_spread(distance: Array, values: Array) -> Array:
    """The derivative of an edge profile."""
    return np.gradient(values, float(distance[1] - distance[0]))


def full_width_half_maximum(distance: Array, values: Array) -> float:
    """Width at half height of the line spread of an edge profile, in the unit of `distance`."""
    spread = np.abs(line_spread(distance, values))
    peak = int(np.argmax(spread))
    if spread[peak] == 0:
        raise NotApplicable("the profile is constant: there is no edge")
    share = spread / spread[peak]
    step = float(distance[1] - distance[0])
    sides = (share[peak:], share[peak::-1])
    if any((side >= 0.5).all() for side in sides):
        raise NotApplicable("the line ends before the edge does")
    return step * sum(_first_crossing(np.arange(len(side)) * 1.0, 1 - side, 0.5) for side in sides)


def modulation_transfer(distance: Array, values: Array, padding: int = 16) -> tuple[Array, Array]:
    """Frequencies and MTF from an edge profile: the normalised spectrum of its derivative, padded with zeros."""
    spread = line_spread(distance, values)
    spectrum = np.abs(np.fft.rfft(spread, padding * len(spread)))
    if spectrum[0] == 0:
        raise NotApplicable("the profile has no edge: its ends are equal")
    return np.fft.rfftfreq(padding * len(spread), float(distance[1] - distance[0])), spectrum / spectrum[0]


def mtf50(distance: Array, values: Array) -> float:
    """The frequency at which the MTF falls to one half."""
    frequency, transfer = modulation_transfer(distance, values)
    if (transfer >= 0.5).all():
        raise NotApplicable("the MTF does not fall to one half")
    index = int(np.argmax(transfer < 0.5))
    before, after = transfer[index - 1], transfer[index]
    return float(frequency[index - 1] + (before - 0.5) / (before - after) * (frequency[1] - frequency[0]))


def _width_on_line(output: Array, line: tuple[Point, Point], spacing: Point) -> float:
    """The 10 to 90 % width (mm) of an edge along a line of the image."""
    distance, values = line_profile(output[0], *line, spacing)
    return edge_width(distance, values)


def _spread_on_line(output: Array, line: tuple[Point, Point], spacing: Point) -> float:
    """The width at half height (mm) of the line spread of an edge along a line of the image."""
    return full_width_half_maximum(*line_profile(output[0], *line, spacing))


def _mtf_on_line(output: Array, line: tuple[Point, Point], spacing: Point) -> float:
    """The frequency (1/mm) at which the MTF of an edge along a line of the image falls to one half."""
    return mtf50(*line_profile(output[0], *line, spacing))


def profile_difference(output: Array, target: Array, line: tuple[Point, Point], spacing: Point) -> float:
    """Mean |difference| of the intensities of image and reference along a line, in the image's unit."""
    first, second = (line_profile(image[0], *line, spacing)[1] for image in checked(output, target))
    return float(np.abs(first - second).mean())


_OPEN, _WORDS = "0 to infinity", ("output", "line", "spacing")
EDGE_WIDTH = Metric("M24", "edge_width", _width_on_line, "lower", "mm", _OPEN, _WORDS, "definition")
EDGE_SPREAD = Metric("M24", "edge_spread", _spread_on_line, "lower", "mm", _OPEN, _WORDS, "definition")
MTF50 = Metric("M24", "mtf50", _mtf_on_line, "higher", "1/mm", _OPEN, _WORDS, "definition")
PROFILE = Metric(
    "M24",
    "profile_difference",
    profile_difference,
    "lower",
    "image",
    _OPEN,
    ("output", "target", "line", "spacing"),
    "definition",
)
