"""Do the games that translate learn? Phantoms of unseen subjects come nearer to their target than their input is."""

import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from adversaria.metrics.statistics import Summary, paired
from benchmarks.result import Found, Goal

HERE = Path(__file__).parent / "recipes"
HEAD = ("recipe", "changes", "CPU s", "input, dB", "output, dB", "gain, dB [95 % interval]", "learns")


def gained(recipe: str, changes: list[str]) -> tuple[Summary, float, float, float]:
    """Train and evaluate by the commands: gain over the input, both PSNRs, CPU seconds of training."""
    from adversaria.commands.evaluate import evaluate
    from adversaria.commands.train import train_recipe
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    torch.set_num_threads(1)
    with TemporaryDirectory() as scratch:
        begun = time.process_time()
        run = Run(Path(scratch) / "run")
        train_recipe(read_recipe(recipe, changes=changes), run, accelerator="cpu", quiet=True)
        seconds = time.process_time() - begun
        with redirect_stdout(StringIO()):
            scores = evaluate(run.folder, quiet=True)
    psnr = {
        method: {s.subject: s.value for s in scores if s.method == method and s.measure == "psnr"}
        for method in ("input", "output")
    }
    gain = paired([psnr["output"][s] for s in psnr["input"]], list(psnr["input"].values()))
    means = [sum(values.values()) / len(values) for values in psnr.values()]
    return gain, means[0], means[1], seconds


def found(
    name: str, recipe: str, members: list[str], changes: list[str], task: str = "denoises low-dose CT phantoms",
    notes: tuple[str, ...] = (),
) -> Found:  # fmt: skip
    """Whether one game comes nearer to the target than its input."""
    gain, before, after, seconds = gained(recipe, changes)
    shown = gain.low is not None and gain.low > 0
    said = f"{gain.mean:+.2f} dB" + (f" [{gain.low:+.2f}, {gain.high:+.2f}]" if gain.low is not None else "")
    words = "shown" if shown else "not shown"
    evidence = f"benchmarks/RESULTS.md, {name}: {said} over the input on {gain.n} unseen phantoms"
    row = [Path(recipe).stem, " ".join(changes), f"{seconds:.0f}", f"{before:.2f}", f"{after:.2f}", said, words]
    return Found(
        f"{name} {task}",
        "Trained and evaluated by the package's own commands, one seed, the last weights (averaged where the recipe "
        "says so). PSNR against the truth in the recipe's range, on subjects that training has not seen; "
        "seconds include the preparation of phantoms.",
        HEAD,
        [row],
        [Goal(f"{name} gains on its input", "> 0 dB", f"{said}, n = {gain.n}", shown)],
        ["The budget is small on purpose: it shows that the game learns, not how well it can.", *notes],
        dict.fromkeys(members, {"plays": "ok", "learns": words, "evidence": evidence}),
    )


def supervised() -> Found:
    """The baseline, as shipped."""
    changes = ["train.plays=250", "subjects.train=20", "subjects.validation=2"]
    return found("learn-supervised", "supervised", ["games/supervised", "recipes/supervised"], changes)


def pix2pix() -> Found:
    """Paired."""
    return found("learn-pix2pix", str(HERE / "pix2pix-denoise.yaml"), ["games/pix2pix"], [])


def cyclegan() -> Found:
    """Unpaired."""
    changes = ["subjects.train=20", "phantom.a.size=64", "phantom.b.size=64", "train.plays=500"]
    members = ["games/cyclegan", "recipes/cyclegan"]
    note = (
        "As a denoiser of low-dose CT without pairs (the data of kang-2018, small residual networks, 500 to 800 plays) "
        "the same game stayed at its input, -0.00 dB, at a fifth and at a twentieth of the dose, with cycle weights of "
        "10 and of 1: what is removed as noise cannot come back, and the identity is the cycle's optimum."
    )
    return found("learn-cyclegan", "cyclegan", members, changes, "translates T1 to T2 without pairs", (note,))
