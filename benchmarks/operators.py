"""Radon transform and filtered back-projection against scikit-image, and the memory of a step of training with them.

Run as a module it writes operators.json.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from adversaria.physics import FanBeam, ParallelBeam
from benchmarks.machine import facts
from benchmarks.result import Found, Goal
from benchmarks.timing import Ratio, compare

RESULTS = Path(__file__).parent / "operators.json"
SIDE, VIEWS, MANY = 256, 180, 8
STEPS = ("operator", "PlainCNN", "UNet")
LIMIT = 2048


def picture(side: int) -> torch.Tensor:
    """Textured ellipse inside the circle that scikit-image reconstructs, in 1/cm."""
    generator = torch.Generator().manual_seed(0)
    rough = torch.nn.functional.avg_pool2d(torch.rand(1, 1, side + 6, side + 6, generator=generator), 7, 1)
    at = torch.linspace(-1, 1, side)
    return 0.2 * (0.8 + rough) * (at[:, None] ** 2 + (at / 0.8) ** 2 < 0.8)


@torch.no_grad()
def section() -> Found:
    """Forward with adjoint, and filtered back-projection, on the same picture in single precision."""
    from skimage.transform import iradon, radon

    beam, x = ParallelBeam(SIDE, VIEWS), picture(SIDE)
    fan = FanBeam(SIDE, VIEWS)
    many = x.expand(MANY, -1, -1, -1).contiguous()
    image, theta = x[0, 0].numpy(), np.rad2deg(beam.angles.numpy())
    seen = radon(image, theta, circle=False)
    y, ys = beam.A(x), beam.A(many)

    def theirs(times: int = 1) -> Callable[[], object]:
        return lambda: [
            (radon(image, theta, circle=False), iradon(seen, theta, filter_name=None, circle=False, output_size=SIDE))
            for _ in range(times)
        ]

    def filtered(times: int = 1) -> Callable[[], object]:
        return lambda: [iradon(seen, theta, circle=False, output_size=SIDE) for _ in range(times)]

    size = f"{SIDE} px, {VIEWS} views"
    rows = [
        compare(f"forward + adjoint, {size}", "scikit-image", lambda: beam.adjoint(beam.A(x)), theirs(), 5, 1),
        compare(f"filtered back-projection, {size}", "scikit-image", lambda: beam.inverse(y), filtered(), 5, 1),
        compare(
            f"forward + adjoint, {size}, {MANY} images",
            "scikit-image",
            lambda: beam.adjoint(beam.A(many)),
            theirs(MANY),
            3,
            1,
            most=5,
        ),
        compare(
            f"filtered back-projection, {size}, {MANY} images",
            "scikit-image",
            lambda: beam.inverse(ys),
            filtered(MANY),
            3,
            1,
            most=5,
        ),
        compare(
            f"fan beam's forward + adjoint, {size}", "our parallel beam", lambda: fan.adjoint(fan.A(x)),
            lambda: beam.adjoint(beam.A(x)), 3, most=5,
        ),
    ]  # fmt: skip
    circle = torch.linspace(-1, 1, SIDE)
    inside = (circle[:, None] ** 2 + circle**2 < 0.85).numpy()
    ours = beam.inverse(y)[0, 0].numpy()
    peer = iradon(seen, theta, circle=False, output_size=SIDE)
    errors = [float(np.sqrt(np.square(found - image)[inside].mean())) for found in (ours, peer)]
    return Found(
        "Radon transform and filtered back-projection",
        "Single precision here; scikit-image computes in the precision of its input too. One thread's CPU time.",
        Ratio.HEAD,
        [ratio.row() for ratio in rows],
        [goal for ratio in rows if (goal := ratio.judged())],
        [f"Error of the reconstruction, root mean square in 1/cm: ours {errors[0]:.5f}, scikit-image {errors[1]:.5f}."],
    )


def memory() -> Found:
    """Peak of a process above its imports after two steps at batch 1 with a loss on the sinogram."""
    rows, goals = [], []
    for name in STEPS:
        made = subprocess.run(
            [sys.executable, "-m", "benchmarks.operators", name], capture_output=True, text=True, check=True
        )
        above, cpu = (float(word) for word in made.stdout.split()[-2:])
        rows.append([name, f"{above:.0f}", f"{cpu:.1f}"])
        goals.append(Goal(name, f"< {LIMIT} MiB", f"{above:.0f} MiB", above < LIMIT))
    head = ("generator", "peak above import, MiB", "CPU s a step")
    return Found(
        f"Memory of a step with sinogram consistency, {SIDE} px, {VIEWS} views, batch 1",
        "Generator at full size, PatchGAN discriminator, Adam, single precision; `operator`: the loss alone.",
        head,
        rows,
        goals,
    )


def alone(name: str) -> None:
    """Play two steps in this process; print the peak above import in MiB and the CPU seconds of the second."""
    import time

    from adversaria import networks

    torch.set_num_threads(1)
    x = picture(SIDE)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    beam = ParallelBeam(SIDE, VIEWS)
    y = beam.A(x)
    start = beam.inverse(y)
    free = torch.zeros_like(x, requires_grad=True)
    generator = None if name == "operator" else getattr(networks, name)(in_channels=1, out_channels=1)
    judge = networks.PatchGAN(in_channels=1)
    steps = [torch.optim.Adam([free] if generator is None else generator.parameters(), 2e-4)]
    steps.append(torch.optim.Adam(judge.parameters(), 2e-4))
    for _ in range(2):
        begun = time.process_time()
        made = free if generator is None else generator(start)
        loss = (beam.A(made) - y).square().mean()
        if generator is not None:
            _step(steps[1], torch.nn.functional.softplus(judge(made.detach())).mean()
                  + torch.nn.functional.softplus(-judge(x)).mean())  # fmt: skip
            loss = loss + torch.nn.functional.softplus(-judge(made)).mean()
        _step(steps[0], loss)
        spent = time.process_time() - begun
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before, spent)


def _step(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def main() -> None:
    """Measure, and keep what was found with the machine it was found on."""
    found = {"operators": section().plain(), "memory": memory().plain(), **facts()}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps([found["operators"]["rows"], found["operators"]["notes"], found["memory"]["rows"]], indent=1))


if __name__ == "__main__":
    alone(sys.argv[1]) if len(sys.argv) > 1 else main()
