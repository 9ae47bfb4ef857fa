"""M13, M14, M15 and multi-scale similarity of one case; the kernels, in tensors, have files of their own."""

from typing import Any

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked, in_bytes, width_of


def _tensors(pair: tuple[Array, Array]) -> list[Any]:
    import torch

    return [torch.from_numpy(np.ascontiguousarray(x))[None] for x in pair]


def _window(pair: tuple[Array, Array], side: int) -> None:
    if min(pair[0].shape[1:]) < side:
        raise NotApplicable(f"it needs sides of {side} voxels")


def structural_similarity(output: Array, target: Array, data_range: Range) -> float:
    """SSIM (Wang et al. 2004) of one case (C, *S), fully covered windows only; volumes take 11 voxels an axis."""
    from adversaria.metrics.ssim import ssim

    width, pair = width_of(data_range), checked(output, target)
    _window(pair, 11)
    x, y = _tensors(pair)
    return float(ssim(x, y, width))


def multi_scale_similarity(output: Array, target: Array, data_range: Range) -> float:
    """MS-SSIM (Wang et al. 2003) of one case (C, *S); sides under 176 voxels take fewer than its 5 scales.

    Then the number is another one: compare only cases of one size.
    """
    from adversaria.metrics.multi_scale import ms_ssim, scales_of

    width, pair = width_of(data_range), checked(output, target)
    _window(pair, 11)
    x, y = _tensors(pair)
    return float(ms_ssim(x, y, width, scales_of(min(x.shape[2:]))))


def visual_information_fidelity(output: Array, target: Array, data_range: Range) -> float:
    """VIF in the pixel domain (Sheikh and Bovik 2004); `target` is the reference, the two may not be swapped.

    The declared range is mapped to 0..255, where the visual noise has its variance of 2.
    """
    from adversaria.metrics.vif import SMALLEST, vif

    first, second = checked(output, target)
    _window((first, second), SMALLEST)
    if np.ptp(second) == 0:
        raise NotApplicable("the reference is constant")
    return float(vif(*_tensors((in_bytes(first, data_range), in_bytes(second, data_range)))))


def universal_quality_index(output: Array, target: Array) -> float:
    """UQI (Wang and Bovik 2002) of one case (C, *S) in windows of 8 voxels an axis.

    Invariant to a common gain, not to a common offset: in Hounsfield units the sign of the mean matters.
    """
    from adversaria.metrics.quality_index import WINDOW, uqi

    pair = checked(output, target)
    _window(pair, WINDOW)
    return float(uqi(*_tensors(pair)))


_WORDS = ("output", "target", "data_range")
_VIF = "0 to infinity, 1 for equal images"
SSIM = Metric("M13", "ssim", structural_similarity, "higher", "", "-1 to 1", _WORDS, "Wang et al. 2004")
MS_SSIM = Metric("ms-ssim", "ms_ssim", multi_scale_similarity, "higher", "", "0 to 1", _WORDS, "Wang et al. 2003")
VIF = Metric("M14", "vif", visual_information_fidelity, "higher", "", _VIF, _WORDS, "Sheikh and Bovik 2004", dims=(2,))
UQI = Metric("M15", "uqi", universal_quality_index, "higher", "", "-1 to 1", _WORDS[:2], "Wang and Bovik 2002")
