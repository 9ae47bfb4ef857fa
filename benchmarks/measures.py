"""MS-SSIM, VIF and UQI against torchmetrics (B9), and SSIM beside them; run as a module it writes measures.json."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import torch
from torch import Tensor

from adversaria.metrics.multi_scale import ms_ssim
from adversaria.metrics.quality_index import uqi
from adversaria.metrics.ssim import ssim
from adversaria.metrics.vif import vif
from benchmarks.machine import facts
from benchmarks.result import Found, Goal
from benchmarks.timing import Ratio, compare

RESULTS = Path(__file__).parent / "measures.json"
SIDE, COUNT, CUBE = 512, 4, 512
BIG = ("MAE", "SSIM", "MS_SSIM", "UQI")


def images() -> tuple[Tensor, Tensor]:
    """Textured images on 0..255, and the same with noise."""
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(COUNT, 1, SIDE + 10, SIDE + 10, generator=generator)
    y = 255 * torch.nn.functional.avg_pool2d(rough, 11, 1)
    return (y + 5 * torch.randn(y.shape, generator=generator)).clamp(0, 255), y


@torch.no_grad()
def section() -> Found:
    """B9."""
    from torchmetrics.functional import image as theirs

    x, y = images()

    def multi() -> Tensor:
        return theirs.multiscale_structural_similarity_index_measure(x, y, data_range=255.0, reduction="none")

    def information() -> Tensor:
        return theirs.visual_information_fidelity(x, y, reduction="none")

    def quality() -> Tensor:
        return theirs.universal_image_quality_index(x, y)

    size = f"{COUNT} images of {SIDE}x{SIDE}"
    rows = [
        compare(f"B9 MS-SSIM, {size}", "torchmetrics", lambda: ms_ssim(x, y, 255.0), multi, 7, 8),
        compare(f"B9 VIF, {size}", "torchmetrics", lambda: vif(x, y), information, 7, 8),
        compare(f"B9 UQI, {size}", "torchmetrics", lambda: uqi(x, y), quality, 7, 8),
        compare(
            f"SSIM, {size}",
            "torchmetrics",
            lambda: ssim(x, y, 255.0),
            lambda: theirs.structural_similarity_index_measure(x, y, data_range=255.0),
            7,
            10,
        ),
    ]
    apart = [float((ms_ssim(x, y, 255.0) - multi()).abs().max()), float((vif(x, y) - information()).abs().max())]
    return Found(
        "MS-SSIM, VIF and UQI",
        "Float32, forward, images on 0..255. One thread's CPU time.",
        Ratio.HEAD,
        [ratio.row() for ratio in rows],
        [goal for ratio in rows if (goal := ratio.judged())],
        [
            f"Largest difference of a value from torchmetrics: MS-SSIM {apart[0]:.1e}, VIF {apart[1]:.1e}.",
            "UQI is not the same measure there: torchmetrics takes Gaussian windows of 11, ours the paper's even "
            "windows of 8, in double precision.",
        ],
    )


def memory() -> Found:
    """Peak memory of measures of a pair of volumes of 512^3 voxels, each in a process of its own."""
    pair = 2 * CUBE**3 * 4 / 2**20
    rows, goals = [], []
    for name in BIG:
        made = subprocess.run([sys.executable, "-m", "benchmarks.measures", name], capture_output=True, text=True)
        before, after, cpu = (float(word) for word in made.stdout.split()[-3:])
        rows.append([name, f"{pair:.0f}", f"{after - before:.0f}", f"{cpu:.0f}"])
        goals.append(Goal(name, "<= 6 pairs", f"{(after - before) / pair:.1f} pairs", after - before <= 6 * pair))
    head = ("measure", "the pair in single precision, MiB", "peak beside the pair, MiB", "CPU s")
    return Found(f"Memory of a pair of {CUBE}^3", "Single precision in, double precision inside.", head, rows, goals)


def alone(name: str) -> None:
    """Measure one pair in this process and print the peak before and after, in MiB, and the seconds."""
    import time

    import numpy as np

    from adversaria import metrics

    plane = np.random.default_rng(0).standard_normal((CUBE, CUBE)).astype(np.float32)
    target, output = (np.empty((1, CUBE, CUBE, CUBE), np.float32) for _ in range(2))
    for k in range(CUBE):
        target[0, k] = plane * (1 + 0.01 * k)
        output[0, k] = target[0, k] + 0.1 * np.roll(plane, k)
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time()
    getattr(metrics, name)(output=output, target=target, data_range=(-20, 20))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(before, after, time.process_time() - begun)


def main() -> None:
    """Measure, and keep what was found with the machine it was found on."""
    found = {"measures": section().plain(), "memory": memory().plain(), **facts()}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps([found["measures"]["rows"], found["memory"]["rows"]], indent=1))


if __name__ == "__main__":
    alone(sys.argv[1]) if len(sys.argv) > 1 else main()
