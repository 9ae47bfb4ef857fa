"""Do the games of images from noise learn? A ring of eight Gaussians, three seeds each."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from adversaria import games
from adversaria.draws import stream
from adversaria.engine import LinearDecay, Settings, Training
from adversaria.games.game import Game
from adversaria.run import Run
from adversaria.tasks.inference import sample
from benchmarks.result import Found, Goal

MODES, RADIUS, SPREAD = 8, 2.0, 0.1
DRAWN, SEEDS = 2500, 3
HEAD = ("plays", "CPU s a seed", "modes found, by seed", "good samples, by seed", "mean share", "learns")


class Ring:
    """Points on the ring: as many batches as are asked for, never twice the same."""

    def __init__(self, seed: int, batch_size: int = 128):
        self.seed, self.batch_size = seed, batch_size

    def batch(self, play: int, part: int, parts: int) -> dict[str, Tensor]:
        """Draw points (B, 2)."""
        random = stream("ring", self.seed, play, part)
        count = self.batch_size // parts
        points = centres()[random.integers(MODES, size=count)]
        return {"image": points + SPREAD * torch.from_numpy(random.standard_normal((count, 2))).float()}


class Generator(nn.Sequential):
    """Noise of 16 numbers to a point."""

    latent_shape = (16,)


def centres() -> Tensor:
    """The middles of the modes (8, 2)."""
    angles = torch.arange(MODES) * (2 * torch.pi / MODES)
    return RADIUS * torch.stack([angles.cos(), angles.sin()], 1)


def layers(first: int, last: int, width: int = 128) -> list[nn.Module]:
    """Three hidden layers."""
    sizes = [first, width, width, width]
    hidden = [part for one, two in zip(sizes[:-1], sizes[1:], strict=True) for part in (nn.Linear(one, two), nn.ReLU())]
    return [*hidden, nn.Linear(width, last)]


def judge(points: Tensor) -> tuple[int, float]:
    """Count modes with at least one in a hundred samples, and the share of samples within three deviations of one."""
    distance, nearest = torch.cdist(points, centres()).min(1)
    good = nearest[distance < 3 * SPREAD]
    counts = torch.bincount(good, minlength=MODES)
    return int((counts >= len(points) / 100).sum()), len(good) / len(points)


def learn(build: Callable[[], Game], plays: int, rate: float, seed: int) -> tuple[int, float, float]:
    """Train one game by the engine; give modes, share and CPU seconds."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    game = build()
    faster = {player: type(o)(rate, o.betas) for player, o in game.optimisers.items()}
    settings = Settings(plays, seed=seed, optimisers=faster, schedule=LinearDecay(0.5), log_every=100, save_every=plays)
    begun = time.process_time()
    with TemporaryDirectory() as folder:
        Training(game, Ring(seed), Run(Path(folder)), settings, say=lambda text: None).train()
    game.eval()
    points = torch.from_numpy(sample(game, range(DRAWN), seed))
    return *judge(points), time.process_time() - begun


def found(
    name: str, members: Sequence[str], build: Callable[[], Game], plays: int, rate: float, seeds: int = SEEDS
) -> Found:
    """Train all seeds. To be shown: all modes with every seed, and half of all samples good."""
    learnt = [learn(build, plays, rate, seed) for seed in range(seeds)]
    modes, shares, seconds = zip(*learnt, strict=True)
    share = statistics.mean(shares)
    shown = min(modes) == MODES and share >= 0.5
    said = f"{min(modes)} of {MODES} modes with the worst of {seeds} seeds, {share:.0%} good samples"
    words = "shown" if shown else "not shown"
    facts = {"plays": "ok", "learns": words, "evidence": f"benchmarks/RESULTS.md, {name}: {said}"}
    row = [
        f"{plays}",
        f"{statistics.mean(seconds):.0f}",
        ", ".join(map(str, modes)),
        ", ".join(f"{s:.0%}" for s in shares),
        f"{share:.0%} ({min(shares):.0%}-{max(shares):.0%})",
        words,
    ]
    return Found(
        f"{name} covers a ring",
        f"{MODES} Gaussians of deviation {SPREAD} on a circle of radius {RADIUS:g}; generator and discriminator of "
        f"three hidden layers of 128; batch 128; Adam at {rate:g} that falls to zero over the second half, the game's "
        f"own betas and defaults otherwise; the last weights, no averages, nothing chosen. Of {DRAWN} samples those "
        "within three deviations of a mode are good; a mode with at least one in a hundred of all samples is found.",
        HEAD,
        [row],
        [Goal(f"{name}: the ring is covered", f"{MODES} modes with every seed, half of the samples good", said, shown)],
        [],
        dict.fromkeys(members, facts),
    )


def gan_learns() -> Found:
    """The game of Goodfellow et al. with its defaults."""
    return found(
        "learn-gan",
        ["games/vanilla-gan", "objectives/non-saturating"],
        lambda: games.GAN(Generator(*layers(16, 2)), nn.Sequential(*layers(2, 1))),
        4_000,
        1e-3,
    )


def wgan_gp_learns() -> Found:
    """The game of Gulrajani et al. with its defaults."""
    return found(
        "learn-wgan-gp",
        ["games/wgan-gp", "objectives/wgan-gp", "objectives/wgan"],
        lambda: games.WGANGP(Generator(*layers(16, 2)), nn.Sequential(*layers(2, 1))),
        8_000,
        1e-3,
    )
