"""Traces of how an image was made: checkerboards of strided layers, seams of patches."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, finite

PERIODS = (2, 4, 8)


def checkerboard_energy(output: Array) -> float:
    """Share of an image's energy, without its mean, in patterns that repeat every 2, 4 or 8 voxels along all axes.

    Transposed and strided convolutions leave them behind. A pattern is the mean over its repetitions, less
    what a smooth image has: a plane fitted to it. The largest of the three shares is given; white noise has
    about period^dims / N of it. Not defined for a constant image.
    """
    image = finite(output)
    spread = image - image.mean(tuple(range(1, image.ndim)), keepdims=True)
    total = float(np.square(spread).sum())
    periods = [period for period in PERIODS if min(image.shape[1:]) >= 2 * period]
    if np.ptp(image) == 0 or not periods:
        raise NotApplicable("the image is constant" if periods else "the image is smaller than two periods")
    return max(periodic(spread, period) for period in periods) / total


def periodic(image: Array, period: int) -> float:
    """Energy of the pattern that repeats every `period` voxels along all axes."""
    dims = image.ndim - 1
    trimmed = image[(slice(None), *(slice(0, n // period * period) for n in image.shape[1:]))]
    shape = [len(image)] + [part for n in trimmed.shape[1:] for part in (n // period, period)]
    pattern = trimmed.reshape(shape).mean(tuple(range(1, 2 * dims + 1, 2)))
    along = np.arange(period) - (period - 1) / 2
    for axis in range(1, dims + 1):
        line = along.reshape([period if k == axis else 1 for k in range(dims + 1)])
        slope = (pattern * line).sum(tuple(range(1, dims + 1)), keepdims=True) / (
            np.square(along).sum() * period ** (dims - 1)
        )
        pattern = pattern - slope * line
    pattern = pattern - pattern.mean(tuple(range(1, dims + 1)), keepdims=True)
    return float(np.square(pattern).sum()) * trimmed[0].size / period**dims


def seam_energy(output: Array, seams: tuple[int, ...]) -> float:
    """Mean squared step across the seams of patches over that across all other borders of voxels: 1 is no seam.

    `seams` gives for each axis the distance in voxels from one seam to the next, 0 for none; the first lies
    before voxel number `seams`. Not defined where the image has no step away from the seams.
    """
    image = finite(output)
    if len(seams) != image.ndim - 1:
        raise ValueError(f"seams of {len(seams)} axes do not lie in an image of {image.ndim - 1}")
    across, others = [], []
    for axis, every in enumerate(seams, 1):
        if not 0 < every < image.shape[axis]:
            continue
        steps = np.square(np.diff(image, axis=axis)).mean(tuple(k for k in range(image.ndim) if k != axis))
        at = np.arange(1, image.shape[axis]) % every == 0
        across.append(steps[at])
        others.append(steps[~at])
    if not across:
        raise NotApplicable("no seam lies inside the image")
    usual = float(np.concatenate(others).mean()) if sum(map(len, others)) else 0.0
    if usual == 0:
        raise NotApplicable("the image has no step away from the seams")
    return float(np.concatenate(across).mean()) / usual


_PAPER = "ours; Odena et al. 2016 describe the artefact"
CHECKERBOARD = Metric("checkerboard", "checkerboard", checkerboard_energy, "lower", "", "0 to 1", ("output",), _PAPER)
SEAMS = Metric("seams", "seams", seam_energy, "closer to 1", "", "0 to infinity", ("output", "seams"), "ours")
