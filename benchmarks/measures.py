"""Measures against torchmetrics, forward, single precision (B9); run as a module it writes measures.json."""

import json
import platform
from pathlib import Path

import torch
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
    universal_image_quality_index,
    visual_information_fidelity,
)

from adversaria.metrics.multi_scale import ms_ssim
from adversaria.metrics.quality_index import uqi
from adversaria.metrics.ssim import ssim
from adversaria.metrics.vif import vif
from benchmarks.timing import Ratio, compare

RESULTS = Path(__file__).parent / "measures.json"


def images() -> tuple[torch.Tensor, torch.Tensor]:
    """Four textured pairs of 512 x 512 pixels on 0..255."""
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(4, 1, 522, 522, generator=generator)
    y = 255 * torch.nn.functional.avg_pool2d(rough, 11, 1)
    return (y + 5 * torch.randn(y.shape, generator=generator)).clamp(0, 255), y


def similarities() -> list[Ratio]:
    """B8 forward and B9. torchmetrics' UQI takes Gaussian windows of 11, ours the paper's even ones of 8."""
    x, y = images()
    measures = (
        ("B8 SSIM", lambda: ssim(x, y, 255.0), lambda: structural_similarity_index_measure(x, y, data_range=255.0), 10),
        (
            "B9 MS-SSIM",
            lambda: ms_ssim(x, y, 255.0),
            lambda: multiscale_structural_similarity_index_measure(x, y, data_range=255.0),
            8,
        ),
        ("B9 VIF", lambda: vif(x, y), lambda: visual_information_fidelity(x, y), 8),
        ("B9 UQI", lambda: uqi(x, y), lambda: universal_image_quality_index(x, y), 8),
    )
    with torch.no_grad():
        return [compare(f"{n}, 4 x 512 x 512", "torchmetrics", ours, peer, 7, g) for n, ours, peer, g in measures]


def main() -> None:
    """Measure, print the rows, and keep them with the machine."""
    found = similarities()
    machine = {"machine": platform.machine(), "torch": torch.__version__, "threads": 1, "clock": "CPU time, alternated"}
    rows = [{**vars(ratio), "met": ratio.goal is None or ratio.median >= ratio.goal} for ratio in found]
    RESULTS.write_text(json.dumps({**machine, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print("\n".join(ratio.row() for ratio in found))


if __name__ == "__main__":
    main()
