"""What the engine costs beside the same step as a bare loop (B15)."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn
from torch.nn.functional import softplus

from adversaria import games, networks
from adversaria.engine import Settings, Training
from adversaria.run import Run
from benchmarks.timing import Ratio, compare


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


def bare(game: games.GAN, image: torch.Tensor, plays: int) -> None:
    """The same GAN step by hand: fused Adam, one generated batch, autograd told whose turn it is."""
    options = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": True}
    g = torch.optim.Adam(game.generator.parameters(), **options)
    d = torch.optim.Adam(game.discriminator.parameters(), **options)
    for _ in range(plays):
        fake = game.generator(torch.randn(len(image), *game.generator.latent_shape))
        loss = softplus(-game.discriminator(image)).mean() + softplus(game.discriminator(fake)).mean()
        loss.backward(inputs=list(game.discriminator.parameters()))
        d.step(), d.zero_grad()
        softplus(-game.discriminator(fake)).mean().backward(inputs=list(game.generator.parameters()))
        g.step(), g.zero_grad()


def trained(game: games.GAN, image: torch.Tensor, plays: int) -> None:
    """The same plays by the engine, with its log and no checkpoint but the last."""
    with TemporaryDirectory() as folder:
        Training(game, One(image), Run(Path(folder)), Settings(plays=plays, save_every=plays + 1)).train()


def dcgan(plays: int = 4) -> Ratio:
    """DCGAN 64, batch 64."""
    torch.manual_seed(0)
    game = games.GAN(networks.DCGANGenerator(3), networks.DCGANDiscriminator(3))
    image = torch.rand(64, 3, 64, 64) * 2 - 1
    engine = Training(game, One(image), Run(Path(TemporaryDirectory().name)), Settings(plays=10**6, save_every=10**6))
    stream = One(image)

    def ours() -> None:
        from adversaria.draws import Draws

        for _ in range(plays):
            engine.play([{**stream.batch(0, 0, 1), "draws": Draws(0, engine.done, range(64))}])

    return compare(
        "B15 engine, DCGAN 64, batch 64",
        "the same step as a bare loop",
        ours,
        lambda: bare(game, image, plays),
        5,
        0.98,
    )


def small_game(plays: int = 400) -> str:
    """Milliseconds that the engine adds to one play of a two-layer game of vectors, batch 64."""
    torch.set_num_threads(1)

    def fresh() -> games.GAN:
        torch.manual_seed(0)
        generator = Latent(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 16))
        return games.GAN(generator, nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 1)))

    image = torch.rand(64, 16)
    extra = []
    for _ in range(5):
        begun = time.process_time()
        trained(fresh(), image, plays)
        middle = time.process_time()
        bare(fresh(), image, plays)
        extra.append(((middle - begun) - (time.process_time() - middle)) / plays * 1e3)
    median = sorted(extra)[2]
    verdict = "met" if median <= 1 else "MISSED"
    spread = f"{median:.2f} ms ({min(extra):.2f}-{max(extra):.2f})"
    return f"| B15 engine's cost a play, two-layer game, batch 64 | {spread} | {verdict} (<= 1 ms) |"
