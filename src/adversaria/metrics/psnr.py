"""M12: peak signal-to-noise ratio, and signal-to-noise ratio."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked, inside, width_of


def peak_signal_to_noise_ratio(output: Array, target: Array, data_range: Range, mask: Array | None = None) -> float:
    """10 log10(R^2 / MSE) in dB, R the width of the declared range; equal images give infinity."""
    width = width_of(data_range)
    first, second = (inside(image, mask) for image in checked(output, target))
    error = np.square(first - second).mean()
    return float("inf") if error == 0 else float(10 * np.log10(width**2 / error))


def peak_of_target(output: Array, target: Array, mask: Array | None = None) -> float:
    """10 log10(max(target)^2 / MSE) in dB, as some works report it; not defined where the maximum is not positive."""
    peak = float(inside(checked(output, target)[1], mask).max())
    if peak <= 0:
        raise NotApplicable("the target's maximum is not positive")
    return peak_signal_to_noise_ratio(output, target, (0.0, peak), mask)


def signal_to_noise_ratio(output: Array, target: Array, mask: Array | None = None) -> float:
    """10 log10(sum target^2 / sum (output - target)^2) in dB, no mean removed."""
    first, second = (inside(image, mask) for image in checked(output, target))
    error = np.square(first - second).sum()
    if not second.any():
        raise NotApplicable("the target is zero everywhere")
    return float("inf") if error == 0 else float(10 * np.log10(np.square(second).sum() / error))


PSNR = Metric(
    "M12",
    "psnr",
    peak_signal_to_noise_ratio,
    "higher",
    "dB",
    "-infinity to infinity",
    ("output", "target", "data_range"),
    "definition",
    takes=("mask",),
)
SNR = Metric(
    "M12",
    "snr",
    signal_to_noise_ratio,
    "higher",
    "dB",
    "-infinity to infinity",
    ("output", "target"),
    "definition",
    takes=("mask",),
)
PSNR_MAX = Metric(
    "M12",
    "psnr_max",
    peak_of_target,
    "higher",
    "dB",
    "-infinity to infinity",
    ("output", "target"),
    "definition",
    takes=("mask",),
)
