"""M25 and M28: how much noise there is, and of what texture."""

from collections.abc import Sequence

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked


def noise_level(output: Array, flat: Array) -> float:
    """Standard deviation (n - 1) of the image where the mask `flat` (*S or 1, *S) is set, in its unit."""
    inside = np.asarray(output, np.float64)[0][np.asarray(flat, bool).reshape(output.shape[1:])]
    if inside.size < 2:
        raise NotApplicable("the flat region has fewer than two voxels")
    return float(inside.std(ddof=1))


def noise_power_spectrum(regions: Sequence[Array], spacing: float) -> Array:
    """Noise power of square regions (N, N), in unit^2 mm^2: mean of (dx dy / N^2) |DFT(region - mean)|^2.

    A constant is removed from each region, so the bin at zero is lost. The sum over bins divided by
    (N dx)^2 is the variance.
    """
    stack = np.stack([np.asarray(region, np.float64) for region in regions])
    size = stack.shape[1]
    centred = stack - stack.mean((1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(centred)) ** 2
    return power.mean(0) * spacing**2 / size**2


def radial_mean(power: Array, spacing: float) -> tuple[Array, Array]:
    """Average a two-dimensional spectrum over rings one bin wide, without the bin at zero, up to Nyquist."""
    size = power.shape[0]
    along = np.fft.fftfreq(size) * size
    ring = np.rint(np.hypot(along[:, None], along[None, :])).astype(int)
    rings = range(1, size // 2 + 1)
    return np.array([k / (size * spacing) for k in rings]), np.array([power[ring == k].mean() for k in rings])


def regions_of(image: Array, flat: Array, size: int = 8) -> list[Array]:
    """Cut squares of `size` that lie wholly inside the mask from one slice (H, W), without overlap."""
    mask = np.asarray(flat, bool).reshape(image.shape)
    found = []
    taken = np.zeros_like(mask)
    height, width = image.shape
    for row in range(0, height - size + 1, size // 4):
        for column in range(0, width - size + 1, size // 4):
            place = (slice(row, row + size), slice(column, column + size))
            if mask[place].all() and not taken[place].any():
                found.append(image[place])
                taken[place] = True
    return found


def nps_distance(output: Array, noise_target: Array, flat: Array, truth: Array, size: int = 8) -> float:
    """How far the noise texture of an image is from that of a full-dose image of the same subject.

    Both are taken minus the noise-free truth in the squares of a flat region; the distance is the root
    mean square over radial frequency of the natural logarithm of the ratio of their power spectra. 0 is
    the same amount and texture of noise; ln 2 = 0.69 is a factor of two at every frequency.
    """
    first, second = checked(output, noise_target)
    base = np.asarray(truth, np.float64)
    curves = []
    for image in (first, second):
        squares = regions_of((image - base)[0], flat, size)
        if not squares:
            raise NotApplicable(f"the flat region holds no square of {size} pixels")
        curves.append(radial_mean(noise_power_spectrum(squares, 1.0), 1.0)[1])
    return float(np.sqrt(np.mean(np.log(np.maximum(curves[0], 1e-12) / np.maximum(curves[1], 1e-12)) ** 2)))


NOISE = Metric("M25", "noise_level", noise_level, "lower", "image", "0 to infinity", ("output", "flat"), "definition")
NPS = Metric(
    "M28",
    "nps_distance",
    nps_distance,
    "lower",
    "ln ratio",
    "0 to infinity",
    ("output", "noise_target", "flat", "truth"),
    "ours, on the usual estimate of the spectrum",
    dims=(2,),
)
