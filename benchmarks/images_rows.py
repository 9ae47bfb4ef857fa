"""What is played at image level: each framework, smaller than its paper's, on one of the sets of `images_data`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from adversaria import games, losses, networks
from adversaria.games import Adam
from adversaria.games.game import Game
from adversaria.losses import R1, Hinge, LeastSquares, Terms, Weighted
from benchmarks.images_data import LABELS, LEVELS, SIDE

CLASSES = len(LEVELS)


class FeatureMatching(nn.Module):
    """Mean absolute difference of a discriminator's activations on output and target, over all layers and scales."""

    def forward(self, output: Tensor, target: Tensor, source: Tensor, discriminator: Any) -> Tensor:
        """Give the loss; the real side is not moved."""
        made, wanted = discriminator.features(output, source), discriminator.features(target, source)
        return torch.stack([l1_loss(m, w.detach()) for m, w in zip(made, wanted, strict=True)]).mean()


@dataclass
class Row:
    """How a game is built, on what, its batch and rates, the average of its generator, and what was reduced.

    `asked` are the words it is given when it draws; with `unpaired`, one half of the subjects is shown as `source` and
    the other as `target`. `conditional` ones are asked whether the classifier of the features sees the class.
    """

    make: Callable[[], Game]
    said: str
    data: str = "torso"
    batch: int = 16
    optimisers: dict[str, Adam] = field(default_factory=dict)
    average: dict[str, float] = field(default_factory=lambda: {"generator": 0.99})
    asked: tuple[str, ...] = ("label",)
    unpaired: bool = False
    conditional: bool = False


def fast(lr: float, *betas: float) -> Adam:
    """An optimiser for a short run."""
    return Adam(lr, (betas[0], betas[1]))


def both(lr: float, *betas: float) -> dict[str, Adam]:
    """The same for generator and discriminator."""
    return {"generator": fast(lr, *betas), "discriminator": fast(lr, *betas)}


def residual() -> Game:
    """Hinge and spectral norm."""
    parts = {"size": SIDE, "width": 16}
    return games.GAN(networks.ResidualGenerator(**parts), networks.ResidualDiscriminator(**parts), Hinge())


def pggan() -> Game:
    """Four resolutions, 4 to 32 pixels."""
    parts = {"size": SIDE, "width": 24}
    return games.PGGAN(networks.PGGANGenerator(latent=64, **parts), networks.PGGANDiscriminator(**parts), phase=400)


def stylegan() -> Game:
    """Four resolutions, 4 to 32 pixels."""
    parts = {"size": SIDE, "width": 24}
    generator = networks.StyleGANGenerator(latent=64, style=64, **parts)
    return games.StyleGAN(generator, networks.StyleGANDiscriminator(**parts), penalty=R1(1.0), phase=250)


def biggan() -> Game:
    """Classes are levels of the torso."""
    parts = {"size": SIDE, "width": 8, "classes": CLASSES, "attention": 16}
    generator = networks.BigGANGenerator(embedding=16, **parts)
    return games.BigGAN(generator, networks.BigGANDiscriminator(**parts), discriminator_steps=1)


def spade() -> Game:
    """Hinge and feature matching (10)."""
    return games.Pix2Pix(
        networks.SPADEGenerator(classes=LABELS, size=SIDE, depth=3, width=8, hidden=32),
        networks.SPADEDiscriminator(1, 1, scales=2, layers=2, width=16),
        Hinge(),
        terms=Terms({"matching": Weighted(FeatureMatching(), 10.0)}),
    )


def pix2pixhd() -> Game:
    """A channel for each label, two generators trained together, two scales, feature matching (10)."""
    return games.Pix2Pix(
        networks.CoarseToFine(LABELS, 1, 2, 3, 2, 12),
        networks.MultiScale(1, LABELS, 2, 2, 16),
        LeastSquares(scale=1.0),
        adversarial_weight=2.0,
        terms=Terms({"matching": Weighted(losses.FeatureMatching(), 10.0)}),
    )


def lapgan() -> Game:
    """Two residuals over 8 pixels."""
    return games.LAPGAN(
        networks.LaplacianGenerators(1, SIDE, 2, 100, 256, 24), networks.LaplacianDiscriminators(1, SIDE, 2, 256, 24)
    )


def stacked() -> Game:
    """The encoder learns the levels of the torso."""
    return games.StackedGAN(
        networks.StackEncoder(1, CLASSES, SIDE, 16),
        networks.StackTop(CLASSES, SIDE, 32, 16),
        networks.StackImage(1, SIDE, 32, 16),
        networks.StackDiscriminator(64, 32, 2, 32),
        networks.StackDiscriminator(1, 32, 3, 32),
        encoder_plays=500,
        alone_plays=2500,
    )


def vaegan() -> Game:
    """Samples of the prior."""
    return games.VAEGAN(
        networks.ConvEncoder(1, SIDE, 64, 16, 128),
        networks.ConvDecoder(1, SIDE, 64, 16),
        networks.VAEGANDiscriminator(1, 0, SIDE, 12, 128),
        gamma=1e-2,
    )


def judges(count: int) -> list[nn.Module]:
    """Patch discriminators of T1 or T2."""
    return [networks.PatchGAN(1, 0, 2, 16, "instance") for _ in range(count)]


def unit() -> Game:
    """T1 to T2 without pairs."""
    width = 10
    return games.UNIT(
        *(networks.UNITEncoder(1, width, 1) for _ in range(2)),
        networks.SharedBlocks(width),
        networks.SharedBlocks(width),
        *(networks.UNITDecoder(1, width, 1) for _ in range(2)),
        *judges(2),
    )


def discogan() -> Game:
    """T1 to T2 without pairs."""
    unets = [networks.UNet(1, 1, 4, 12, "instance", 0.0) for _ in range(2)]
    return games.DiscoGAN(*unets, *judges(2))


def context_encoder() -> Game:
    """The middle quarter of slices of 64 pixels."""
    return games.ContextEncoder(
        networks.ContextNetwork(1, 1, 2 * SIDE, 16), networks.DCGANDiscriminator(1, 0, 2 * SIDE, 16), overlap=3
    )


ROWS = {
    "residual-gan": Row(residual, "width 16, hinge with spectral norm"),
    "lapgan": Row(
        lapgan,
        "width 24, 2 residual levels over 8 pixels",
        optimisers={"generators": fast(5e-4, 0.5, 0.999), "discriminators": fast(5e-4, 0.5, 0.999)},
        average={"generators": 0.99},
    ),
    "sgan": Row(
        stacked,
        "width 16, latent 32; 500 plays for the encoder, 2500 for each generator alone",
        average={"generators": 0.99},
        conditional=True,
    ),
    "pggan": Row(pggan, "width 24, latent 64, phases of 400 plays"),
    "stylegan": Row(stylegan, "width 24, latent and style 64, phases of 250 plays, gamma 1"),
    "biggan": Row(
        biggan,
        "width 8, attention at 16 px, one discriminator step, rates 4e-4 (the paper: batch 2048 at 5e-5 and 2e-4)",
        optimisers=both(4e-4, 0.0, 0.999),
        conditional=True,
    ),
    "vaegan": Row(vaegan, "width 16, latent 64, gamma 0.01", average={"decoder": 0.99}),
    "spade": Row(
        spade,
        "width 8, 3 doublings, 2 scales, rates 4e-4; no perceptual term",
        batch=8,
        optimisers=both(4e-4, 0.0, 0.999),
        asked=("source",),
        conditional=True,
    ),
    "pix2pixhd": Row(
        pix2pixhd,
        "width 12, 2 halvings, 2 scales; no perceptual term",
        data="maps",
        batch=8,
        asked=("source",),
        conditional=True,
    ),
    "unit": Row(
        unit,
        "width 10, rates 5e-4",
        data="brain",
        batch=4,
        optimisers={"generators": fast(5e-4, 0.5, 0.999), "discriminators": fast(5e-4, 0.5, 0.999)},
        average={},
        asked=("source",),
        unpaired=True,
    ),
    "discogan": Row(
        discogan, "U-Nets of width 12", data="brain", batch=8, average={}, asked=("source",), unpaired=True
    ),
    "context-encoder": Row(
        context_encoder, "width 16, slices of 64 px, hole of 32", data="middle", batch=16, asked=("image",)
    ),
}
