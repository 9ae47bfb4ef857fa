"""M2: log-likelihood of real images under a kernel density of generated ones."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.facts import Range, width_of
from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]

WIDTHS = tuple(float(w) for w in np.geomspace(0.01, 1, 17))
_BLOCK = 256


def parzen_log_likelihood(samples: Array, held_out: Array, width: float) -> Array:
    """Log density (n,) in nats of `held_out` (n, d) under Gaussians of `width` on each of `samples` (m, d)."""
    from scipy.special import logsumexp

    made, real = np.asarray(samples, np.float64), np.asarray(held_out, np.float64)
    constant = 0.5 * made.shape[1] * math.log(2 * math.pi * width**2) + math.log(len(made))
    found = []
    for start in range(0, len(real), _BLOCK):
        block = real[start : start + _BLOCK]
        squares = np.square(block).sum(1)[:, None] + np.square(made).sum(1) - 2 * block @ made.T
        found.append(logsumexp(-np.maximum(squares, 0) / (2 * width**2), axis=1) - constant)
    return np.concatenate(found)


def choose_width(samples: Array, validation: Array, widths: Sequence[float] = WIDTHS) -> float:
    """The width under which validation images are likeliest."""
    return max(widths, key=lambda width: float(parzen_log_likelihood(samples, validation, width).mean()))


def kernel_likelihood(outputs: Sequence[Array], references: Sequence[Array], data_range: Range) -> Estimate:
    """Mean log-likelihood (nats) of real images under a kernel density of the scored ones.

    Breuleux et al. 2011. Intensities are brought to 0..1 by the declared range; every second reference
    chooses the width, the others are scored. The number falls with the number of pixels and says little of
    how images look (Theis et al. 2016): compare equal sizes and equal numbers of images only.
    """
    low, width = data_range[0], width_of(data_range)
    shapes = {np.shape(image) for image in [*outputs, *references]}
    if len(shapes) > 1:
        raise ValueError(f"images of one shape are needed, not {' and '.join(map(str, sorted(shapes)))}")
    made, real = (
        np.stack([(np.asarray(image, np.float64).ravel() - low) / width for image in images])
        for images in (outputs, references)
    )
    chosen = choose_width(made, real[1::2])
    values = parzen_log_likelihood(made, real[::2], chosen)
    from adversaria.metrics.statistics import summarise

    found = summarise(list(values))
    return Estimate(found.mean, found.low, found.high, f"width {chosen:.3g} of the range, {made.shape[1]} pixels")


LIKELIHOOD = SetMetric(
    "M2",
    "kernel_likelihood",
    kernel_likelihood,
    "higher",
    "nats",
    "any",
    ("outputs", "references", "data_range"),
    "Breuleux et al. 2011",
    fewest=10,
    few=1000,
)
