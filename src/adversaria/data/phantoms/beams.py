"""Dose of crossing photon beams in a CT, slice by slice: what an image is worth for planning."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import rotate

Array = NDArray[Any]

# attenuation of the beam in water (1/mm), and the depth (mm) at which it has built up
_ATTENUATION, _BUILD_UP = 0.0049, 15.0


def dose(
    hu: Array, fluence: Array, spacing: float, degrees: Sequence[float], spare: Array | None = None, keep: float = 0.35
) -> Array:
    """Dose (x, y, slices) of parallel beams, relative: mean over the beams is 1 at depth zero in a full fluence.

    A beam at 0 degrees comes from the front (low y), at 90 from the patient's left (high x). Its dose falls
    exponentially with the water-equivalent depth, behind a build-up, and goes where `fluence` (x, y, slices; 0 to 1)
    is found along the beam: the largest value on its line; of lines through `spare` only the share `keep` is left
    open. A correct CT gives the correct dose; no scatter.
    """
    dense = np.clip(hu / 1000 + 1, 0, 2.2).astype(np.float32)
    total = np.zeros_like(dense)
    for angle in degrees:
        turned, open_ = _turn(dense, angle), _turn(fluence.astype(np.float32), angle)
        depth = (np.cumsum(turned, 1) - 0.5 * turned) * np.float32(spacing)
        built = 1 - 0.75 * np.exp(-depth / (_BUILD_UP / 3))
        open_ = open_.max(1, keepdims=True)
        if spare is not None:
            open_ = open_ * (1 - (1 - keep) * _turn(spare.astype(np.float32), angle).max(1, keepdims=True))
        beam = np.exp(-np.float32(_ATTENUATION) * depth) * built * open_ * (turned > 0.2)
        total += _turn(beam.astype(np.float32), -angle)
    return total / np.float32(len(degrees))


def _turn(image: Array, degrees: float) -> Array:
    if degrees % 90 == 0:
        return np.rot90(image, int(degrees // 90) % 4)
    return rotate(image, degrees, (0, 1), reshape=False, order=1, mode="nearest", prefilter=False)
