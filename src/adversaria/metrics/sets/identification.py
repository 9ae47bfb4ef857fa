"""How often people are found again."""

import numpy as np

from adversaria.metrics.facts import Array


def identification_rate(made: Array, known: Array, region: Array | None = None) -> float:
    """Share of `made` (N, C, *S) that look most like their own partner among `known` (N, C, *S).

    Likeness is the correlation of pixels, over `region` (*S) if given. Chance is 1 / N; two equal answers share the
    hit. A measure of privacy: `made` are anonymised or rebuilt images and `known` the originals.
    ValueError: sets of different shapes, fewer than two, constant images.
    """
    first, second = np.asarray(made, np.float64), np.asarray(known, np.float64)
    if first.shape != second.shape or len(first) < 2:
        raise ValueError(f"cannot look for {first.shape} among {second.shape}")
    where = np.ones(first.shape[2:], bool) if region is None else np.asarray(region, bool)
    flat = [images[:, :, where].reshape(len(images), -1) for images in (first, second)]
    flat = [f - f.mean(1, keepdims=True) for f in flat]
    sizes = [np.linalg.norm(f, axis=1) for f in flat]
    if min(size.min() for size in sizes) == 0:
        raise ValueError("a constant image looks like nobody")
    likeness = (flat[0] / sizes[0][:, None]) @ (flat[1] / sizes[1][:, None]).T
    best = likeness.max(1, keepdims=True)
    equal = likeness >= best - 1e-12
    return float(np.mean(equal.diagonal() / equal.sum(1)))
