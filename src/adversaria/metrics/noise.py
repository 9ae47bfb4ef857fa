"""M25 and M28: how much noise there is, and of what texture."""

from collections.abc import Sequence

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, finite, inside


def noise_level(output: Array, flat: Array) -> float:
    """Standard deviation (n - 1) of the image where the mask `flat` (*S or 1, *S) is set, in its unit."""
    image = finite(output)
    values = inside(image[:1], flat)
    if values.size < 2:
        raise NotApplicable("the flat region has fewer than two voxels")
    return float(values.std(ddof=1))


def region_mean(output: Array, mask: Array) -> float:
    """Mean of the image (all channels) in a region, in its unit."""
    return float(inside(finite(output), mask).mean())


def noise_power_spectrum(regions: Sequence[Array], spacing: float | tuple[float, ...], degree: int = 0) -> Array:
    """Noise power of regions of one size (N, M) or (N, M, K), in unit^2 mm^2 (mm^3).

    Mean over regions of (dx dy / N M) |DFT(region - trend)|^2. The trend is the region's mean, or with `degree` 2 a
    fitted polynomial of second order; the bin at zero is lost by it, and with a polynomial part of the lowest ones.
    The sum over bins divided by N dx M dy is the variance.
    """
    stack = np.stack([np.asarray(region, np.float64) for region in regions])
    dims = stack.ndim - 1
    step = np.broadcast_to(np.asarray(spacing, np.float64), (dims,))
    power = np.abs(np.fft.fftn(_without_trend(stack, degree), axes=range(1, dims + 1))) ** 2
    return power.mean(0) * step.prod() / np.prod(stack.shape[1:])


def _without_trend(stack: Array, degree: int) -> Array:
    """Regions (R, *S) less their mean, or less a polynomial of second order fitted to each."""
    if degree not in (0, 2):
        raise ValueError(f"a trend is of degree 0 or 2, not {degree}")
    if degree == 0:
        return stack - stack.mean(tuple(range(1, stack.ndim)), keepdims=True)
    axes = [np.linspace(-1, 1, n) for n in stack.shape[1:]]
    grid = [axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")]
    columns = [np.ones_like(grid[0]), *grid, *(a * b for k, a in enumerate(grid) for b in grid[k:])]
    basis = np.linalg.qr(np.stack(columns, 1))[0]
    flat = stack.reshape(len(stack), -1)
    return (flat - flat @ basis @ basis.T).reshape(stack.shape)


def radial_mean(power: Array, spacing: float) -> tuple[Array, Array]:
    """Average a spectrum of equal sides over rings (shells) one bin wide, without the bin at zero, up to Nyquist."""
    size = power.shape[0]
    along = np.meshgrid(*[np.fft.fftfreq(size) * size] * power.ndim, indexing="ij")
    ring = np.rint(np.linalg.norm(along, axis=0)).astype(int)
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


def spectrum_shape_distance(output: Array, target: Array, mask: Array, size: int = 16) -> float:
    """How far the texture of the noise in a region is from that in the reference, whatever its amount.

    Spectra of squares of `size` pixels inside the region, each less a polynomial of second order, are averaged and
    divided by their sum; the distance is the root mean square, over radial frequency but the lowest, of the natural
    logarithm of their ratio. 0 is the same shape. What is not noise in the region counts as noise. Not defined where
    the region holds no such square or an image is even in it.
    """
    curves = []
    for image in checked(output, target):
        squares = regions_of(image[0], mask, size)
        if not squares:
            raise NotApplicable(f"the region holds no square of {size} pixels")
        power = radial_mean(noise_power_spectrum(squares, 1.0, degree=2), 1.0)[1][1:]
        if not (power > 0).all():
            raise NotApplicable("the image is even in the region: it has no noise")
        curves.append(np.log(power / power.sum()))
    return float(np.sqrt(np.square(curves[0] - curves[1]).mean()))


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
NPS_SHAPE = Metric(
    "M28",
    "nps_shape_distance",
    spectrum_shape_distance,
    "lower",
    "ln ratio",
    "0 to infinity",
    ("output", "target", "mask"),
    "ours, on the usual estimate of the spectrum",
    dims=(2,),
)
REGION_MEAN = Metric("M25", "region_mean", region_mean, "neither", "image", "any", ("output", "mask"), "definition")
