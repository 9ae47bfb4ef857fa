"""M13: structural similarity of one case."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, Range, checked, width_of


def structural_similarity(output: Array, target: Array, data_range: Range) -> float:
    """SSIM (Wang et al. 2004) of one case (C, *S), fully covered windows only; volumes take 11 voxels an axis."""
    import torch

    from adversaria.metrics.ssim import ssim

    width = width_of(data_range)
    pair = [torch.from_numpy(np.ascontiguousarray(x))[None] for x in checked(output, target)]
    return float(ssim(pair[0], pair[1], width))


_WORDS = ("output", "target", "data_range")
SSIM = Metric("M13", "ssim", structural_similarity, "higher", "", "-1 to 1", _WORDS, "Wang et al. 2004")
