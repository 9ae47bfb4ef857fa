"""M16: information fidelity criterion."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked, in_bytes
from adversaria.metrics.steerable_pyramid import oriented_bands

BLOCK, FLOOR = 3, 1e-10
ORIENTATIONS = (0, 3)
SMALLEST = 8 * 5 * BLOCK


def shared_information(gain: Array, source: Array, rest: Array) -> Array:
    """Bits that a coefficient gain * s + v shares with s: log2(1 + gain^2 source / (rest + 1e-10)), variances given."""
    return np.log2(1 + gain**2 * source / (rest + FLOOR))


def information_fidelity_criterion(output: Array, target: Array, data_range: Range) -> float:
    """IFC (Sheikh, Bovik and de Veciana 2005) in bits a pixel; `target` is the reference, the two may not be swapped.

    Steerable pyramid of 4 levels, the two of 6 orientations that lie along the axes; in blocks of 3 x 3
    coefficients the output is gain * reference + rest, the reference a Gaussian scale mixture whose
    covariance is that of all its 3 x 3 neighbourhoods. The bits are summed and divided by the number of
    pixels, without the formula's factor 1/2, as the authors' program does. Blocks at the rim are left out.
    Equal images give a large number that the floor of 1e-10 sets: it says nothing. The declared range is
    mapped to 0..255. Needs sides of 120 pixels.
    """
    first, second = (in_bytes(image, data_range) for image in checked(output, target))
    if first.ndim != 3:
        raise ValueError("IFC is defined in two dimensions: score the slices of a volume")
    if min(first.shape[1:]) < SMALLEST:
        raise NotApplicable(f"it needs sides of {SMALLEST} pixels")
    if any(np.ptp(channel) == 0 for channel in second):
        raise NotApplicable("the reference is constant")
    bits = 0.0
    for one, two in zip(first, second, strict=True):
        pairs = zip(oriented_bands(one), oriented_bands(two), strict=True)
        bits += sum(band_information(x[k], y[k]) for x, y in pairs for k in ORIENTATIONS)
    return bits / second.size


def band_information(band: Array, reference: Array) -> float:
    """Bits that a band (H, W) shares with that of the reference."""
    x, y = _blocks(band), _blocks(reference)
    covariance = np.cov(_neighbourhoods(reference))
    eigenvalues, axes = np.linalg.eigh(covariance)
    kept = eigenvalues > 1e-9 * eigenvalues[-1]
    if eigenvalues[-1] <= 1e-12 or not kept.any():
        return 0.0
    # the hidden multiplier of a block, whose most likely value is the mean of its whitened squares
    whitened = np.square(y.reshape(-1, BLOCK**2) @ axes[:, kept]) / eigenvalues[kept]
    multiplier = whitened.mean(1)
    gain, rest = _regression(x.reshape(-1, BLOCK**2), y.reshape(-1, BLOCK**2))
    source = multiplier[:, None] * eigenvalues[kept]
    return float(shared_information(gain[:, None], source, rest[:, None]).sum())


def _regression(x: Array, y: Array) -> tuple[Array, Array]:
    """Slope of x on y and variance of what is left, block by block; no slope where they run against each other."""
    centred_x, centred_y = (z - z.mean(1, keepdims=True) for z in (x, y))
    var_x, var_y = np.square(centred_x).mean(1), np.square(centred_y).mean(1)
    gain = (centred_x * centred_y).mean(1) / (var_y + FLOOR)
    rest = np.square(centred_x - gain[:, None] * centred_y).mean(1)
    return np.maximum(gain, 0), np.where(gain > 0, rest, var_x)


def _blocks(band: Array) -> Array:
    """Blocks (N, 3, 3) side by side, without the outermost."""
    rows, columns = (n // BLOCK for n in band.shape)
    cut = band[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return cut.swapaxes(1, 2)[1:-1, 1:-1].reshape(-1, BLOCK, BLOCK)


def _neighbourhoods(band: Array) -> Array:
    """Every 3 x 3 neighbourhood, as (9, N)."""
    windows = np.lib.stride_tricks.sliding_window_view(band, (BLOCK, BLOCK))
    return windows.reshape(-1, BLOCK**2).T


IFC = Metric(
    "M16",
    "ifc",
    information_fidelity_criterion,
    "higher",
    "bits per pixel",
    "0 to infinity",
    ("output", "target", "data_range"),
    "Sheikh et al. 2005",
    dims=(2,),
)
