"""M4 and M5: distances between the pooled intensity histograms of two sets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.facts import NotApplicable, Range, width_of
from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]

BINS = 256


def jensen_shannon(p: Array, q: Array) -> float:
    """Jensen-Shannon divergence of two histograms, each normalised to sum 1; nats, 0 to log 2."""
    one, two = _shares(p), _shares(q)
    middle = (one + two) / 2
    return float(0.5 * (_kl(one, middle) + _kl(two, middle)))


def wasserstein(p: Array, q: Array, bin_width: float = 1.0) -> float:
    """Earth mover's distance of two histograms on the same bins: bin width times sum |CDF difference|."""
    return float(np.abs(np.cumsum(_shares(p) - _shares(q))).sum() * bin_width)


def _shares(histogram: Array) -> Array:
    counts = np.asarray(histogram, np.float64)
    if counts.sum() <= 0 or (counts < 0).any():
        raise ValueError("a histogram needs counts")
    return counts / counts.sum()


def _kl(p: Array, q: Array) -> float:
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


def pooled(images: Sequence[Array], data_range: Range, bins: int = BINS) -> tuple[Array, float]:
    """Counts (C, bins) of all pixels of a set, and the share that lay outside the range and went to the end bins."""
    low, width = data_range[0], width_of(data_range)
    counts: Array | None = None
    outside = pixels = 0
    for image in images:
        places = np.floor((np.asarray(image, np.float64).reshape(len(image), -1) - low) / width * bins)
        outside += int(((places < 0) | (places > bins)).sum())
        pixels += places.size
        indices = np.clip(places, 0, bins - 1).astype(np.int64)
        found = np.stack([np.bincount(channel, minlength=bins) for channel in indices]).astype(np.float64)
        if counts is not None and counts.shape != found.shape:
            raise NotApplicable(f"a set mixes images of {len(counts)} and {len(found)} channels")
        counts = found if counts is None else counts + found
    if counts is None:
        raise NotApplicable("a set is empty")
    return counts, outside / pixels


def _both(outputs: Sequence[Array], references: Sequence[Array], data_range: Range) -> tuple[Array, Array, str]:
    (one, out_one), (two, out_two) = pooled(outputs, data_range), pooled(references, data_range)
    if one.shape != two.shape:
        raise NotApplicable(f"the sets have {len(one)} and {len(two)} channels")
    note = f"{BINS} bins over {data_range[0]:g} to {data_range[1]:g}"
    if max(out_one, out_two) > 0:
        note += f"; {max(out_one, out_two):.1%} of pixels lay outside and were put in the end bins"
    return one, two, note


def histogram_divergence(outputs: Sequence[Array], references: Sequence[Array], data_range: Range) -> Estimate:
    """Jensen-Shannon divergence (nats) of the pooled intensity histograms, a channel at a time, averaged."""
    one, two, note = _both(outputs, references, data_range)
    return Estimate(float(np.mean([jensen_shannon(p, q) for p, q in zip(one, two, strict=True)])), note=note)


def histogram_distance(outputs: Sequence[Array], references: Sequence[Array], data_range: Range) -> Estimate:
    """Wasserstein-1 distance of the pooled intensity histograms in the unit of the images, channels averaged."""
    one, two, note = _both(outputs, references, data_range)
    step = width_of(data_range) / BINS
    return Estimate(float(np.mean([wasserstein(p, q, step) for p, q in zip(one, two, strict=True)])), note=note)


_WORDS = ("outputs", "references", "data_range")
JS = SetMetric(
    "M4",
    "js_divergence",
    histogram_divergence,
    "lower",
    "nats",
    "0 to log 2",
    _WORDS,
    "Goodfellow et al. 2014",
    fewest=1,
    few=10,
)
W1 = SetMetric(
    "M5",
    "wasserstein",
    histogram_distance,
    "lower",
    "image",
    "0 to the width of the range",
    _WORDS,
    "definition",
    fewest=1,
    few=10,
)
