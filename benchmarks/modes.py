"""Which modes of two known densities does each game find? One script, one setting for all games.

Ring: 8 Gaussians on a circle of radius 2; grid: 25 Gaussians, step 2; standard deviation 0.05 each. Generator and
discriminator are MLPs of three hidden layers of 128; latent 2, batch 256, Adam of one rate for every player, which
falls in a straight line to zero; 60 CPU seconds at one thread. 4,000 samples are judged: a sample is good within
3 standard deviations of a mode, a mode is found that holds at least 1% of all samples as good ones.

    python -m benchmarks.modes [--seconds 60] [--seeds 5] [--problems ring,grid] [--only r1,wgan-gp]

Rows that exist are skipped; benchmarks/modes.json and benchmarks/MODES.md are written after every row.
"""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from adversaria import games, losses
from adversaria.draws import Draws, seed_of, stream
from adversaria.engine import Table
from adversaria.engine.optimising import LinearDecay, build, set_rates
from benchmarks.side_by_side import side_by_side

HERE = Path(__file__).parent
ROWS, PAGE, CAUSES = HERE / "modes.json", HERE / "MODES.md", HERE / "modes_causes.json"
DEVIATION, BATCH, SAMPLES, WIDTH, LATENT = 0.05, 256, 4000, 128, 2
RATE = games.Adam(1e-3, (0.5, 0.9))
SCALE = 10.0

TURN = 2 * math.pi / 8
CENTRES = {
    "ring": np.array([(2 * math.cos(TURN * k), 2 * math.sin(TURN * k)) for k in range(8)]),
    "grid": np.array([(2.0 * x, 2.0 * y) for x in range(-2, 3) for y in range(-2, 3)]),
}


class MLP(nn.Sequential):
    """Three hidden layers of 128 with LeakyReLU 0.2; with `normed` every layer has spectral norm."""

    def __init__(self, inputs: int, outputs: int, normed: bool = False, scale: float = 1.0):
        sizes = [inputs, WIDTH, WIDTH, WIDTH, outputs]
        parts: list[nn.Module] = []
        for a, b in zip(sizes[:-1], sizes[1:], strict=True):
            layer = nn.Linear(a, b)
            parts += [spectral_norm(layer) if normed else layer, nn.LeakyReLU(0.2)]
        super().__init__(*parts[:-1])
        self.latent_shape, self.scale = (inputs,), scale

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """The last hidden activation."""
        return [self[:-1](image)]

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give the outputs, of the pair if there is a condition."""
        joined = image if condition is None else torch.cat([image, condition], 1)
        return self.scale * super().forward(joined)


class Heads(nn.Module):
    """An MLP whose outputs are a score and a description of a code."""

    def __init__(self, code: int):
        super().__init__()
        self.body = MLP(2, 1 + code)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Give both heads."""
        found = self.body(image)
        return {"score": found[:, :1], "code": found[:, 1:]}


class Autoencoder(nn.Module):
    """2 numbers to a code and back, by two MLPs of one hidden layer of 128."""

    def __init__(self, code: int = 2) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(2, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, code))
        self.decoder = nn.Sequential(nn.Linear(code, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, 2))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Give the reconstruction and the code."""
        code = self.encoder(image)
        return {"restored": self.decoder(code), "code": code}


class Gaussian(nn.Module):
    """An encoder to mean and log variance of 2 numbers."""

    latent_shape = (LATENT,)

    def __init__(self) -> None:
        super().__init__()
        self.body = MLP(2, 2 * LATENT)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Give both."""
        mean, log_variance = self.body(image).chunk(2, 1)
        return mean, log_variance


def gan(normed: bool = False, scale: float = 1.0, **kwargs: Any) -> games.Game:
    """The GAN with the objective or penalty given."""
    return games.GAN(MLP(LATENT, 2), MLP(2, 1, normed, scale), **kwargs)


def fgan(divergence: losses.FDivergence, penalty: losses.Penalty | None = None) -> games.Game:
    """The f-GAN of a divergence."""
    return games.FGAN(MLP(LATENT, 2), MLP(2, 1), divergence, penalty or losses.NoPenalty())


def fgan_r1(divergence: losses.FDivergence) -> games.Game:
    """The same with R1 of weight 1."""
    return fgan(divergence, losses.R1(weight=1.0))


# name: (what it is, its unstabilised twin, how to build it)
ENTRIES: dict[str, tuple[str, str, Callable[[], games.Game]]] = {
    "gan": ("GAN, non-saturating", "", gan),
    "r1": ("GAN, non-saturating, R1 of weight 1", "gan", lambda: gan(penalty=losses.R1(weight=1.0))),
    "wgan-gp": ("WGAN-GP, weight 10, 5 critic steps", "wgan", lambda: games.WGANGP(MLP(LATENT, 2), MLP(2, 1))),
    "wgan-gp-0.1": (
        "WGAN-GP, weight 0.1, 5 critic steps",
        "wgan",
        lambda: games.WGANGP(MLP(LATENT, 2), MLP(2, 1), penalty=losses.GradientPenalty(weight=0.1)),
    ),
    "hinge+sn": (
        f"hinge, spectral norm in D, scores times {SCALE:g}",
        "hinge",
        lambda: gan(True, SCALE, adversarial=losses.Hinge()),
    ),
    "lsgan+sn": (
        f"least squares, spectral norm in D, scores times {SCALE:g}",
        "lsgan",
        lambda: gan(True, SCALE, adversarial=losses.LeastSquares()),
    ),
    "hinge": ("hinge", "", lambda: gan(adversarial=losses.Hinge())),
    "lsgan": ("least squares", "", lambda: gan(adversarial=losses.LeastSquares())),
    "wgan": ("WGAN, weights clipped at 0.01, 5 critic steps", "", lambda: games.WGAN(MLP(LATENT, 2), MLP(2, 1))),
    "minimax": ("GAN, saturating", "", lambda: gan(adversarial=losses.Minimax())),
    "f-gan-kl": ("f-GAN, KL", "", lambda: fgan(losses.KullbackLeibler())),
    "f-gan-kl+r1": ("f-GAN, KL, R1 of weight 1", "f-gan-kl", lambda: fgan_r1(losses.KullbackLeibler())),
    "f-gan-reverse-kl": ("f-GAN, reverse KL", "", lambda: fgan(losses.ReverseKullbackLeibler())),
    "f-gan-reverse-kl+r1": (
        "f-GAN, reverse KL, R1 of weight 1",
        "f-gan-reverse-kl",
        lambda: fgan_r1(losses.ReverseKullbackLeibler()),
    ),
    "f-gan-pearson": ("f-GAN, Pearson", "", lambda: fgan(losses.PearsonChiSquared())),
    "f-gan-hellinger": ("f-GAN, squared Hellinger", "", lambda: fgan(losses.SquaredHellinger())),
    "f-gan-hellinger+r1": (
        "f-GAN, squared Hellinger, R1 of weight 1",
        "f-gan-hellinger",
        lambda: fgan_r1(losses.SquaredHellinger()),
    ),
    "f-gan-js": ("f-GAN, JS", "", lambda: fgan(losses.JensenShannon())),
    "f-gan-gan": ("f-GAN, GAN", "", lambda: fgan(losses.GANDivergence())),
    "f-gan-total-variation": ("f-GAN, total variation", "", lambda: fgan(losses.TotalVariationDistance())),
    "f-gan-total-variation+r1": (
        "f-GAN, total variation, R1 of weight 1",
        "f-gan-total-variation",
        lambda: fgan_r1(losses.TotalVariationDistance()),
    ),
    "ebgan": ("EBGAN, margin 1, pulling away 0.1", "", lambda: games.EBGAN(MLP(LATENT, 2), Autoencoder(), margin=1.0)),
    "began": ("BEGAN, gamma 0.5", "", lambda: games.BEGAN(MLP(LATENT, 2), Autoencoder())),
    "began-1": ("BEGAN, gamma 0.5, a code of 1", "", lambda: games.BEGAN(MLP(LATENT, 2), Autoencoder(1))),
    "ali": ("ALI", "", lambda: games.ALI(Gaussian(), MLP(LATENT, 2), MLP(2 + LATENT, 1))),
    "bigan": ("BiGAN", "", lambda: games.BiGAN(MLP(2, LATENT), MLP(LATENT, 2), MLP(2 + LATENT, 1))),
    "infogan": (
        "InfoGAN, an 8-way code beside the latent",
        "gan",
        lambda: games.InfoGAN(MLP(LATENT + 8, 2), Heads(8), categories=8, factors=0),
    ),
    "catgan": ("CatGAN, 8 clusters", "", lambda: games.CatGAN(MLP(LATENT, 2), MLP(2, 8))),
    "adversarial-autoencoder": (
        "adversarial autoencoder",
        "",
        lambda: games.AdversarialAutoencoder(MLP(2, LATENT), MLP(LATENT, 2), MLP(LATENT, 1)),
    ),
}


def real(problem: str, seed: int, play: int) -> Tensor:
    """A batch of the density."""
    random = stream("modes", problem, seed, play)
    centres = CENTRES[problem]
    points = centres[random.integers(len(centres), size=BATCH)] + DEVIATION * random.standard_normal((BATCH, 2))
    return torch.from_numpy(points).float()


def judge(points: np.ndarray, problem: str) -> dict[str, Any]:
    """Modes found, share of good samples, smallest mode's share, divergence of the modes' histogram from uniform."""
    centres = CENTRES[problem]
    apart = np.linalg.norm(points[:, None] - centres[None], axis=2)
    good = apart.min(1) <= 3 * DEVIATION
    counts = np.bincount(apart.argmin(1)[good], minlength=len(centres))
    shares = counts / len(points)
    histogram = counts / max(1, counts.sum())
    positive = histogram[histogram > 0]
    divergence = float((positive * np.log(positive * len(centres))).sum()) if len(positive) else None
    return {
        "modes": int((shares >= 0.01).sum()),
        "good": float(good.mean()),
        "smallest": float(shares.min()),
        "divergence": divergence,
    }


def trained(name: str, problem: str, seed: int, share: Callable[[int], float]) -> tuple[games.Game, int, str]:
    """Train a game until `share(plays)` is 1; give it, its plays, and why it stopped early."""
    torch.manual_seed(seed_of("modes", seed))
    game = ENTRIES[name][2]()
    optimisers = build(game, dict.fromkeys(game.players, RATE))
    base = dict.fromkeys(game.players, RATE.lr)
    table = Table(game, step=lambda player: optimisers[player].step(), seed=seed)
    plays, failed = 0, ""
    try:
        while (done := share(plays)) < 1:
            set_rates(optimisers, base, LinearDecay(0.0), done)
            game.plays = plays
            table.play([{"image": real(problem, seed, plays), "draws": Draws(seed, plays, range(BATCH))}])
            plays += 1
    except Exception as error:  # noqa: BLE001 a divergence is a result
        failed = f"{type(error).__name__}: {error}"
    return game.eval().requires_grad_(False), plays, failed


def drawn(game: games.Game, seed: int) -> Tensor:
    """Draw the samples that are judged."""
    words = {"like": torch.empty(0), "draws": Draws(seed_of("judge", seed), 0, range(SAMPLES))}
    made: Tensor = game(words)["output"]
    return made


def run(name: str, problem: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train one game and judge its samples."""
    start = time.process_time()
    game, plays, failed = trained(name, problem, seed, lambda plays: (time.process_time() - start) / seconds)
    made = drawn(game, seed)
    points = made.numpy()
    found = judge(np.where(np.isfinite(points), points, 1e6), problem)
    extra = {"k": float(game.k), "convergence": float(game.convergence)} if isinstance(game, games.BEGAN) else {}
    return {"name": name, "problem": problem, "seed": seed, "seconds": seconds, "plays": plays, **found, **extra,
            "failed": failed}  # fmt: skip


def write(rows: list[dict[str, Any]]) -> None:
    """Write the rows and the page."""
    facts = {"torch": torch.__version__, "machine": platform.machine(), "cores": os.cpu_count()}
    text = json.dumps({"facts": facts, "rows": rows}, indent=1)
    ROWS.with_suffix(".part").write_text(text + "\n")
    ROWS.with_suffix(".part").replace(ROWS)
    PAGE.write_text(page(rows, facts))


def page(rows: list[dict[str, Any]], facts: dict[str, Any]) -> str:
    """One table a problem: games in rows, medians and ranges over seeds."""
    assert __doc__ is not None
    said = " ".join(__doc__.split("\n\n")[1].split())
    seconds = sorted({row["seconds"] for row in rows})
    lines = ["# Modes found", "", said, "", f"Rate {RATE.lr:g}, betas {RATE.betas}; CPU seconds a row: "
             f"{', '.join(f'{s:g}' for s in seconds)}; torch {facts['torch']}, {facts['machine']}. Written by "
             "`benchmarks/modes.py`.", ""]  # fmt: skip
    for problem, centres in CENTRES.items():
        lines += [f"## {problem.capitalize()} of {len(centres)}", ""]
        lines += ["| game | twin without | seeds | modes, each seed | good | smallest mode | divergence | plays |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
        for name, (what, twin, _) in ENTRIES.items():
            mine = sorted((r for r in rows if (r["name"], r["problem"]) == (name, problem)), key=lambda r: r["seed"])
            if mine:
                lines.append(
                    f"| {what} | {twin or '-'} | {len(mine)} | {', '.join(str(r['modes']) for r in mine)} "
                    f"| {spread(mine, 'good')} | {spread(mine, 'smallest')} | {spread(mine, 'divergence')} "
                    f"| {spread(mine, 'plays', 0)} |"
                )
        lines.append("")
    causes = json.loads(CAUSES.read_text()) if CAUSES.exists() else {}
    if causes:
        lines += [
            "## Those that fail",
            "",
            "One seed of the ring after 4,000 plays, by `benchmarks/modes_causes.py`.",
            "",
        ]
        lines += [f"- {ENTRIES[name][0]}: {said}." for name, said in causes.items()] + [""]
    failed = [f"{r['name']} ({r['problem']}, seed {r['seed']}): {r['failed']}" for r in rows if r["failed"]]
    return "\n".join(lines + [f"- stopped early: {text}" for text in failed]).rstrip() + "\n"


def spread(rows: list[dict[str, Any]], fact: str, digits: int = 3) -> str:
    """Median and range over seeds."""
    values = [row[fact] for row in rows if row[fact] is not None]
    if not values:
        return "-"
    said = [f"{v:.{digits}f}" for v in (float(np.median(values)), min(values), max(values))]
    return said[0] if len(values) == 1 else f"{said[0]} ({said[1]} to {said[2]})"


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--problems", default="ring,grid")
    parser.add_argument("--only", default=",".join(ENTRIES))
    given = parser.parse_args()
    rows = json.loads(ROWS.read_text())["rows"] if ROWS.exists() else []
    known = {(r["name"], r["problem"], r["seed"], r["seconds"]) for r in rows}
    asked = [
        (name, problem, seed, given.seconds)
        for seed in range(given.seeds)
        for problem in given.problems.split(",")
        for name in given.only.split(",")
    ]

    def keep(row: dict[str, Any]) -> None:
        rows.append(row)
        print(json.dumps(row), flush=True)
        write(rows)

    side_by_side(run, [one for one in asked if one not in known], keep)
    write(rows)


if __name__ == "__main__":
    main()
