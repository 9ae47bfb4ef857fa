"""A steerable pyramid: an image taken apart by scale and orientation."""

from math import factorial

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.facts import Array

Spectrum = NDArray[np.complex128]


def oriented_bands(image: Array, levels: int = 4, orientations: int = 6) -> list[list[NDArray[np.float64]]]:
    """Bands of an image (H, W) by level, finest first, then by orientation k pi / `orientations`.

    Simoncelli and Freeman 1995, in the frequency domain (Portilla and Simoncelli 2000): raised cosines of
    one octave in radius, powers of a cosine in angle; orientation 0 answers to change along columns. Each
    level has half the size of the one before. Together with the two residues the bands hold the image's
    energy, each coefficient of level l counting 4^l times. The image is taken as periodic.
    """
    spectrum = np.fft.fft2(image)
    spectrum = spectrum * _low(_radius(image.shape), 1.0)
    found: list[list[NDArray[np.float64]]] = []
    for _ in range(levels):
        radius, angle = _radius(spectrum.shape), _angle(spectrum.shape)
        high = np.sqrt(np.maximum(0, 1 - _low(radius, 0.5) ** 2))
        found.append([np.fft.ifft2(spectrum * high * one).real for one in _lobes(angle, orientations)])
        spectrum = _halved(spectrum * _low(radius, 0.5))
    return found


def _low(radius: Array, edge: float) -> Array:
    """Pass frequencies below half of `edge` (1 is the highest of an axis), none above `edge`."""
    octave = np.log2(np.maximum(radius, 1e-12) / edge)
    return np.cos(np.pi / 2 * np.clip(octave + 1, 0, 1))


def _lobes(angle: Array, orientations: int) -> list[Spectrum]:
    """Angular parts; they are odd or even with their order, and their squares sum to one."""
    order = orientations - 1
    scale = 2**order * factorial(order) / np.sqrt(orientations * factorial(2 * order))
    turned = [angle - np.pi * k / orientations for k in range(orientations)]
    return [(1j**order) * scale * np.cos(a) ** order for a in turned]


def _radius(shape: tuple[int, ...]) -> Array:
    rows, columns = (2 * np.fft.fftfreq(n) for n in shape)
    return np.hypot(rows[:, None], columns[None, :])


def _angle(shape: tuple[int, ...]) -> Array:
    rows, columns = (np.fft.fftfreq(n) for n in shape)
    return np.arctan2(rows[:, None], columns[None, :])


def _halved(spectrum: Spectrum) -> Spectrum:
    """Keep the inner half of the frequencies, which is all that is left of them."""
    for axis, n in enumerate(spectrum.shape):
        half = (n + 1) // 2
        inner = np.r_[0 : (half + 1) // 2, n - half // 2 : n]
        spectrum = spectrum.take(inner, axis) * (half / n)
    return spectrum
