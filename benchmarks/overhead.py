"""What the engine costs beside the same step as a bare loop (B15)."""

import copy
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn
from torch.nn.functional import softplus

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.engine import Settings, Training
from adversaria.run import Run
from benchmarks.result import Found, Goal
from benchmarks.timing import Ratio, compare, repeated, spent


class One:
    """The same batch again and again."""

    def __init__(self, image: torch.Tensor):
        self.image, self.batch_size = image, len(image)

    def batch(self, play: int, part: int, parts: int) -> dict[str, torch.Tensor]:
        """Give the image."""
        return {"image": self.image}


class Latent(nn.Sequential):
    """A generator of vectors."""

    latent_shape = (32,)


def bare(game: games.GAN, image: torch.Tensor) -> Callable[[], None]:
    """The same GAN step by hand: fused Adam, one generated batch, autograd told whose turn it is."""
    options = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": True}
    g = torch.optim.Adam(game.generator.parameters(), **options)
    d = torch.optim.Adam(game.discriminator.parameters(), **options)
    inputs = list(game.discriminator.parameters()), list(game.generator.parameters())

    def step() -> None:
        fake = game.generator(torch.randn(len(image), *game.generator.latent_shape))
        loss = softplus(-game.discriminator(image)).mean() + softplus(game.discriminator(fake)).mean()
        loss.backward(inputs=inputs[0])
        d.step(), d.zero_grad()
        softplus(-game.discriminator(fake)).mean().backward(inputs=inputs[1])
        g.step(), g.zero_grad()

    return step


def dcgan(plays: int = 2) -> Ratio:
    """DCGAN 64, batch 64."""
    torch.manual_seed(0)
    game = games.GAN(networks.DCGANGenerator(3), networks.DCGANDiscriminator(3))
    image = torch.rand(64, 3, 64, 64) * 2 - 1
    by_hand = bare(copy.deepcopy(game), image)
    with TemporaryDirectory() as folder:
        engine = Training(game, One(image), Run(Path(folder)), Settings(plays=10**6, save_every=10**6))

        def ours() -> None:
            engine.play([{"image": image, "draws": Draws(0, engine.done, range(64))}])

        name = f"B15 engine, DCGAN 64, batch 64, {plays} plays"
        return compare(name, "the same step as a bare loop", repeated(ours, plays), repeated(by_hand, plays), 9, 0.98)


def small_game(plays: int = 500, rounds: int = 7) -> Goal:
    """Milliseconds that the engine adds to one play of a two-layer game of vectors, batch 64."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    generator = Latent(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 16))
    game = games.GAN(generator, nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 1)))
    image, extra = torch.rand(64, 16), []

    def trained() -> None:
        with TemporaryDirectory() as folder:
            Training(copy.deepcopy(game), One(image), Run(Path(folder)), Settings(plays, save_every=plays)).train()

    def by_hand() -> None:
        repeated(bare(copy.deepcopy(game), image), plays)()

    for _ in range(rounds):
        extra.append((spent(trained) - spent(by_hand)) / plays)
    median = statistics.median(extra)
    found = f"{median:.2f} ms ({min(extra):.2f}-{max(extra):.2f} of {rounds})"
    return Goal("B15 engine's cost a play, two-layer game, batch 64", "<= 1 ms", found, median <= 1)


def section() -> Found:
    """B15."""
    ratio, added = dcgan(), small_game()
    goal = ratio.judged()
    return Found(
        "What the engine costs",
        "The whole engine (keyed draws, turns, log rows; one checkpoint at the end of the small game) against the same "
        "step written by hand with fused Adam. A ratio of 0.98 is a cost of 2 %.",
        Ratio.HEAD,
        [ratio.row(), [added.name, "the same step as a bare loop", added.found, "", "", added.said()]],
        [*([goal] if goal else []), added],
    )
