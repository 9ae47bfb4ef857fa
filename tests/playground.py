"""Every game small enough for a test: tiny networks without batch norm or dropout, and a keyed feed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

import playground_cross
import playground_segmentation
import playground_text
from adversaria import games, losses
from adversaria.draws import Draws, stream
from adversaria.games.game import Game
from adversaria.networks import PGGANDiscriminator, PGGANGenerator, StyleGANDiscriminator, StyleGANGenerator
from playground_networks import (
    BATCH,
    CLASSES,
    SIDE,
    Autoencoding,
    ClassDiscriminator,
    CodeJudge,
    Contrasts,
    Discriminator,
    Encoder,
    FeatureDiscriminator,
    Flow,
    Generator,
    Headed,
    Joined,
    Joint,
    LabelDiscriminator,
    LabelGenerator,
    Named,
    PointEncoder,
    Pyramid,
    PyramidJudges,
    Segmenter,
    Stacked,
    Translator,
    Views,
    convolution,
)


def cyclegan(dims: int) -> Game:
    shape = (1, *(SIDE,) * dims)
    return games.CycleGAN(
        Translator(dims), Translator(dims), Discriminator(dims), Discriminator(dims),
        source_shape=shape, target_shape=shape, identity=5.0, pool=0,
    )  # fmt: skip


def pggan(dims: int) -> Game:
    generator = PGGANGenerator(size=SIDE, latent=5, width=4, dims=dims)
    return games.PGGAN(generator, PGGANDiscriminator(size=SIDE, width=4, group=1, dims=dims), drift=1.0, phase=1)


def stylegan(dims: int) -> Game:
    generator = StyleGANGenerator(size=SIDE, latent=5, style=4, width=6, mapping=2, dims=dims)
    # a flat constant would leave the first biases without gradient
    generator.constant.data.normal_()
    for layer in generator.styled:
        layer.strength.data.fill_(0.1)
    return games.StyleGAN(
        generator, StyleGANDiscriminator(size=SIDE, width=6, group=1, dims=dims), phase=1, start=0
    )  # fmt: skip


def pair(kind: Callable[..., nn.Module], dims: int, *args) -> list[nn.Module]:
    return [kind(dims, *args), kind(dims, *args)]


def unit(dims: int) -> Game:
    return games.UNIT(
        convolution(dims, 1, 3, 3, padding=1), convolution(dims, 1, 3, 3, padding=1),
        Translator(dims, 3), Translator(dims, 3),
        convolution(dims, 3, 1, 3, padding=1), convolution(dims, 3, 1, 3, padding=1), *pair(Discriminator, dims),
    )  # fmt: skip


def cascade(dims: int, first_plays: int = 1) -> Game:
    judges = pair(Discriminator, dims, 2)
    return games.CascadeCGAN(Translator(dims), Joined(dims), *judges, first_plays=first_plays)


def coupled(dims: int) -> Game:
    heads = [convolution(dims, 1, 1, 3, padding=1) for _ in range(2)]
    fronts = [convolution(dims, 1, 1, 3, padding=1) for _ in range(2)]
    return games.CoupledGAN(Generator(dims), *heads, *fronts, Discriminator(dims))


BUILD: dict[str, Callable[[int], Game]] = {
    "ACGAN": lambda dims: games.ACGAN(LabelGenerator(dims), Headed(dims, score=1, label=CLASSES)),
    "ALI": lambda dims: games.ALI(Encoder(dims), Generator(dims), Joint(dims)),
    "AdversarialAutoencoder": lambda dims: games.AdversarialAutoencoder(
        PointEncoder(dims), Generator(dims), CodeJudge()
    ),
    "ChainedSynthesis": lambda dims: games.ChainedSynthesis(
        PointEncoder(dims), Generator(dims), Translator(dims), CodeJudge(), Discriminator(dims, 2)
    ),
    "AnoGAN": lambda dims: games.AnoGAN(Generator(dims), Discriminator(dims), steps=3),
    "BEGAN": lambda dims: games.BEGAN(Generator(dims), Autoencoding(dims), balance=0.5),
    "BiGAN": lambda dims: games.BiGAN(PointEncoder(dims), Generator(dims), Joint(dims)),
    "BigGAN": lambda dims: games.BigGAN(LabelGenerator(dims), ClassDiscriminator(dims)),
    "CGAN": lambda dims: games.CGAN(
        LabelGenerator(dims), LabelDiscriminator(dims), penalty=losses.R1(every=2), augmentation=losses.DiffAugment()
    ),
    "CatGAN": lambda dims: games.CatGAN(Generator(dims), Headed(dims, label=CLASSES), supervised=1.0),
    "CatWGAN": lambda dims: games.CatWGAN(Generator(dims), Headed(dims, score=1, label=CLASSES), supervised=1.0),
    "CentrePixelGAN": lambda dims: games.CentrePixelGAN(Generator(dims), Headed(dims, score=1, label=2)),
    "SemiCoupledGAN": lambda dims: games.SemiCoupledGAN(*pair(Generator, dims), Headed(dims, score=1, label=2)),
    "SemiSupervisedSegmentation": lambda dims: games.SemiSupervisedSegmentation(
        Generator(dims), Segmenter(dims), adversarial=0.1
    ),
    "CycleGAN": cyclegan,
    "EBGAN": lambda dims: games.EBGAN(Generator(dims), Autoencoding(dims), margin=20.0),
    "FGAN": lambda dims: games.FGAN(Generator(dims), Discriminator(dims)),
    "GAN": lambda dims: games.GAN(
        Generator(dims), Discriminator(dims), augmentation=losses.AdaptiveAugmentation(rise=2)
    ),
    "InfoGAN": lambda dims: games.InfoGAN(Generator(dims), Headed(dims, score=1, code=6), categories=2, factors=2),
    "PGGAN": pggan,
    "Pix2Pix": lambda dims: games.Pix2Pix(Translator(dims), Discriminator(dims, 2)),
    "SemiSupervisedGAN": lambda dims: games.SemiSupervisedGAN(
        Generator(dims), Headed(dims, label=CLASSES), adversarial=0.1
    ),
    "AdversarialSegmentation": lambda dims: games.AdversarialSegmentation(
        Segmenter(dims), Discriminator(dims, 3), unlabelled=0.1
    ),
    "CascadeCGAN": cascade,
    "CollaGAN": lambda dims: Stacked(Contrasts(dims), Named(dims), window=3),
    "FocusedGAN": lambda dims: games.FocusedGAN(Translator(dims), Discriminator(dims), window=3),
    "InpaintingGAN": lambda dims: games.InpaintingGAN(
        Translator(dims), Discriminator(dims), generator_steps=2, hole=SIDE // 2
    ),
    "MedGAN": lambda dims: games.MedGAN(Translator(dims), Discriminator(dims, 2), generator_steps=2),
    "ContextEncoder": lambda dims: games.ContextEncoder(Translator(dims), Discriminator(dims), overlap=1),
    "CoupledGAN": coupled,
    "DiscoGAN": lambda dims: games.DiscoGAN(*pair(Translator, dims), *pair(Discriminator, dims)),
    "DomainAdversarial": lambda dims: games.DomainAdversarial(Segmenter(dims), FeatureDiscriminator(dims, 6), ramp=2),
    "LAPGAN": lambda dims: games.LAPGAN(Pyramid(dims), PyramidJudges(dims)),
    "RegistrationGAN": lambda dims: games.RegistrationGAN(Flow(dims), Discriminator(dims, 2)),
    "SRGAN": lambda dims: games.SRGAN(Translator(dims), Discriminator(dims), adversarial_weight=0.1, pretraining=1),
    "SegAN": lambda dims: games.SegAN(Segmenter(dims), Discriminator(dims)),
    "SimGAN": lambda dims: games.SimGAN(
        Translator(dims),
        Discriminator(dims),
        (1, *(SIDE,) * dims),
        refiner_plays=0,
        discriminator_plays=0,
        refiner_steps=1,
        history=0,
    ),
    "StyleGAN": stylegan,
    "RefineGAN": lambda dims: games.RefineGAN(Translator(dims), Discriminator(dims), clip=0.1),
    "Refinement": lambda dims: games.Refinement(
        nn.Identity(), Translator(dims), Discriminator(dims), (1, *(SIDE,) * dims), pool=0
    ),
    "Supervised": lambda dims: games.Supervised(Translator(dims)),
    "UNIT": unit,
    "VAEGAN": lambda dims: games.VAEGAN(Encoder(dims), Generator(dims), Discriminator(dims), gamma=1e-2),
    "WGAN": lambda dims: games.WGAN(Generator(dims), Discriminator(dims), clip=0.1, critic_steps=2),
    "X2CT": lambda dims: games.X2CT(Views(dims), Discriminator(dims, 3)),
    "WGANGP": lambda dims: games.WGANGP(Generator(dims), Discriminator(dims), critic_steps=2),
}

BUILD |= playground_text.BUILD
BUILD |= playground_cross.BUILD
BUILD |= playground_segmentation.BUILD

NAMES = sorted(
    name
    for name in games.__all__
    if name != "Game" and isinstance(getattr(games, name), type) and issubclass(getattr(games, name), Game)
)


def build(name: str, dims: int = 2, seed: int = 0) -> Game:
    torch.manual_seed(seed)
    return BUILD[name](dims)


class NoiseFeed:
    """Smooth random images keyed by play and slot: two words of one subject, and `image`."""

    def __init__(self, dims: int = 2, batch_size: int = BATCH, dtype: torch.dtype = torch.float32):
        self.dims, self.batch_size, self.dtype = dims, batch_size, dtype

    def batch(self, play: int, part: int, parts: int) -> dict[str, Tensor]:
        share = self.batch_size // parts
        slots = range(part * share, (part + 1) * share)
        shape = (2, 1, *(SIDE,) * self.dims)
        made = [stream("noise", play, slot).standard_normal(shape) for slot in slots]
        source, other = torch.stack([torch.from_numpy(x) for x in made], 1).to(self.dtype)
        label = torch.tensor([int(stream("label", play, slot).integers(CLASSES)) for slot in slots])
        return {
            "source": source,
            "target": (0.5 * source).tanh(),
            "image": source.tanh(),
            "unlabelled": other.tanh(),
            "label": label,
            "text": torch.stack([torch.from_numpy(stream("text", play, slot).integers(0, 7, 6)) for slot in slots]),
            "moving": source,
            "fixed": source.flip(2),
            "mask": (source > 0).to(self.dtype),
            "target_mask": (source < 0.5).to(self.dtype),
            "paired_source": other,
            "paired_target": (0.5 * other).tanh(),
        }


def batch(dims: int = 2, play: int = 0, part: int = 0, parts: int = 1, dtype: torch.dtype = torch.float32) -> dict:
    found = NoiseFeed(dims, dtype=dtype).batch(play, part, parts)
    share = BATCH // parts
    found["draws"] = Draws(0, play, range(part * share, (part + 1) * share))
    return found
