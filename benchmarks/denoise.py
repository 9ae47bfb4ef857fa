"""Do the games that translate learn? Low-dose CT phantoms are denoised beyond their input, on unseen subjects."""

import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from adversaria.metrics.statistics import Summary, paired
from benchmarks.result import Found, Goal

HERE = Path(__file__).parent / "recipes"
HEAD = ("game", "recipe", "plays", "CPU s", "input, dB", "output, dB", "gain, dB [95 % interval]", "learns")
CASES = (
    ("Supervised", "supervised", 250, ["games/supervised", "recipes/supervised"]),
    ("Pix2Pix", str(HERE / "pix2pix-denoise.yaml"), 250, ["games/pix2pix"]),
    ("CycleGAN", "kang-2018", 150, ["games/cyclegan", "works/kang-2018"]),
)


def denoised(recipe: str, plays: int) -> tuple[Summary, float, float, float]:
    """Train and evaluate by the commands: gain over the input, both PSNRs, CPU seconds of training."""
    from adversaria.commands.evaluate import evaluate
    from adversaria.commands.train import train_recipe
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    torch.set_num_threads(1)
    with TemporaryDirectory() as scratch:
        begun = time.process_time()
        run = Run(Path(scratch) / "run")
        train_recipe(read_recipe(recipe, changes=[f"train.plays={plays}"]), run, accelerator="cpu", quiet=True)
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


def section() -> Found:
    """Every game that translates, and the published denoisers in the same budget."""
    rows, goals, evidence = [], [], {}
    for name, recipe, plays, members in CASES:
        gain, before, after, seconds = denoised(recipe, plays)
        shown = gain.low is not None and gain.low > 0
        said = f"{gain.mean:+.2f} dB" + (f" [{gain.low:+.2f}, {gain.high:+.2f}]" if gain.low is not None else "")
        shipped = Path(recipe).stem
        cells = [name, shipped, plays, f"{seconds:.0f}", f"{before:.2f}", f"{after:.2f}", said]
        rows.append([str(cell) for cell in (*cells, "shown" if shown else "not shown")])
        goals.append(Goal(f"{name} denoises beyond its input", "> 0 dB", f"{said}, n = {gain.n}", shown))
        facts = {
            "plays": "ok",
            "learns": "shown" if shown else "not shown",
            "evidence": f"benchmarks/RESULTS.md, denoise, {name}: {said} over the input on {gain.n} unseen phantoms",
        }
        evidence |= dict.fromkeys(members, facts)
    return Found(
        "Games that translate denoise low-dose CT phantoms",
        "Trained and evaluated by the package's own commands, reduced recipes with the plays given, one seed, the last "
        "weights. PSNR against the noise-free phantom in the recipe's range, on subjects that no training has seen; "
        "seconds include the preparation of phantoms.",
        HEAD,
        rows,
        goals,
        ["These budgets are small on purpose; they show that a game learns, not how well it can."],
        evidence,
    )
