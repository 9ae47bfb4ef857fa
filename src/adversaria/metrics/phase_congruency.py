"""Phase congruency: where the frequencies of an image agree in phase, whatever the contrast."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.facts import Array

SCALES, ORIENTATIONS = 4, 4
SHORTEST, FACTOR, BANDWIDTH = 6.0, 2.0, 0.55
SPREAD = np.pi / ORIENTATIONS / 1.2
NOISE_DEVIATIONS, TINY = 2.0, 1e-4


def phase_congruency(image: Array) -> Array:
    """Phase congruency (H, W), 0 to 1, of one plane (Kovesi 1999, with the settings of FSIM).

    Log-Gabor filters of 4 scales (shortest wavelength 6 pixels, factor 2, bandwidth 0.55) and 4
    orientations. In each orientation the energy above an estimate of the noise (k = 2 deviations, from the
    median response at the finest scale) is kept; the sum of it over the sum of amplitudes is the value.
    """
    spectrum = np.fft.fft2(image)
    energy, amplitude = np.zeros(image.shape), np.zeros(image.shape)
    for bank in _filters(image.shape):
        responses = [np.fft.ifft2(spectrum * one) for one in bank]
        total = np.sum(responses, 0)
        direction = total / (np.abs(total) + TINY)
        aligned = [response * direction.conj() for response in responses]
        found = sum(z.real - np.abs(z.imag) for z in aligned)
        energy += np.maximum(found - _threshold(np.abs(responses[0]), bank), 0)
        amplitude += sum(np.abs(response) for response in responses)
    return energy / np.maximum(amplitude, TINY)


def _threshold(finest: Array, bank: list[NDArray[np.float64]]) -> float:
    """Energy that noise alone would have: Rayleigh statistics scaled by the median of the finest response."""
    power = np.median(finest**2) / np.log(2) / np.square(bank[0]).sum()
    # only the part of a filter that is even in frequency has a real response
    even = [0.5 * (one + np.roll(one[::-1, ::-1], 1, (0, 1))) for one in bank]
    own = sum(float(np.square(one).sum()) for one in even)
    crossed = sum(float((even[i] * even[j]).sum()) for i in range(SCALES) for j in range(i + 1, SCALES))
    spread = np.sqrt(power * (own + 2 * crossed))
    return float(spread * (np.sqrt(np.pi / 2) + NOISE_DEVIATIONS * np.sqrt(2 - np.pi / 2)) / 1.7)


@lru_cache(maxsize=4)
def _filters(shape: tuple[int, int]) -> list[list[NDArray[np.float64]]]:
    """Filters on the grid of the transform, by orientation, then scale."""
    rows, columns = (_frequencies(n) for n in shape)
    radius = np.hypot(rows[:, None], columns[None, :])
    angle = np.arctan2(-rows[:, None], columns[None, :])
    radius[0, 0] = 1
    low = 1 / (1 + (radius / 0.45) ** 30)
    radial = []
    for scale in range(SCALES):
        centre = 1 / (SHORTEST * FACTOR**scale)
        band = low * np.exp(-(np.log(radius / centre) ** 2) / (2 * np.log(BANDWIDTH) ** 2))
        band[0, 0] = 0
        radial.append(band)
    banks = []
    for number in range(ORIENTATIONS):
        turned = angle - number * np.pi / ORIENTATIONS
        away = np.abs(np.arctan2(np.sin(turned), np.cos(turned)))
        lobe = np.exp(-(away**2) / (2 * SPREAD**2))
        banks.append([lobe * band for band in radial])
    return banks


def _frequencies(n: int) -> NDArray[np.float64]:
    """Frequencies in cycles a pixel; an odd axis reaches one half as well."""
    along = np.fft.ifftshift(np.arange(n) - n // 2)
    return along / (n - n % 2)
