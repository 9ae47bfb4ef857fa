"""Noise and blur of scanners and cameras, where no operator makes the measurement."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def rician(signal: Array, sigma: float, random: np.random.Generator) -> Array:
    """Magnitude of the signal with complex Gaussian noise of deviation `sigma`."""
    white = random.standard_normal((2, *signal.shape), np.float32) * np.float32(sigma)
    return np.hypot(signal + white[0], white[1])


def reconstructed(shape: tuple[int, ...], random: np.random.Generator, cut: float = 0.45) -> Array:
    """Noise of a filtered back-projection (x, y, slices): unit deviation, no mean, power |f| exp(-(f/cut)^2).

    `cut` is in Nyquist frequencies.
    """
    white = random.standard_normal(shape, np.float32)
    f = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n) * 2 for n in shape[:2]), indexing="ij"))
    transfer = np.sqrt(f) * np.exp(-0.5 * np.square(f / cut))
    transfer /= np.sqrt(np.mean(np.square(transfer)))
    spectrum = np.fft.fft2(white, axes=(0, 1)) * transfer[..., None]
    return np.fft.ifft2(spectrum, axes=(0, 1)).real.astype(np.float32)


def counted(activity: Array, counts: float, random: np.random.Generator, grain: float = 1.0) -> Array:
    """Add the noise of `counts` decays to an activity (x, y, slices): its variance follows the activity.

    `grain` is the deviation, in voxels, of the blur that reconstruction leaves in the noise.
    """
    from scipy.ndimage import gaussian_filter

    widths = (grain, grain, grain if activity.shape[2] > 1 else 0)
    white = random.standard_normal(activity.shape, np.float32)
    # a Gaussian blur leaves 1 / (2 sqrt(pi) sigma) of white noise's deviation along each axis, if it is wide
    lost = np.prod([max(1.0, 2 * np.sqrt(np.pi) * w) for w in widths if w]) ** 0.5
    smooth = gaussian_filter(white, widths) * np.float32(lost)
    per_voxel = activity * np.float32(counts / max(float(activity.sum()), 1e-6))
    return np.maximum(activity * (1 + smooth / np.sqrt(np.maximum(per_voxel, 1e-3))), 0).astype(np.float32)


def camera(image: Array, random: np.random.Generator, shot: float = 4e-4, read: float = 0.006) -> Array:
    """Add a camera's noise to reflectances in [0, 1]: variance shot * image + read^2."""
    white = random.standard_normal(image.shape, np.float32)
    return np.clip(image + white * np.sqrt(shot * np.maximum(image, 0) + read**2), 0, 1).astype(np.float32)
