"""Every game small enough for a test: tiny networks without batch norm or dropout, and a keyed feed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

import playground_text
from adversaria import games, losses
from adversaria.draws import Draws, stream
from adversaria.games.game import Game
from adversaria.networks import PGGANDiscriminator, PGGANGenerator, StyleGANDiscriminator, StyleGANGenerator
from adversaria.networks.layers import Projection

SIDE = 8
BATCH = 4
CLASSES = 3


def convolution(dims: int, *args, **kwargs) -> nn.Module:
    return (nn.Conv2d if dims == 2 else nn.Conv3d)(*args, **kwargs)


def normalisation(dims: int, width: int) -> nn.Module:
    return (nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d)(width, affine=True)


class Translator(nn.Sequential):
    def __init__(self, dims: int, channels: int = 1):
        super().__init__(
            convolution(dims, channels, 6, 3, padding=1),
            normalisation(dims, 6),
            nn.Tanh(),
            convolution(dims, 6, channels, 3, padding=1),
        )


class Discriminator(nn.Module):
    def __init__(self, dims: int, channels: int = 1):
        super().__init__()
        self.first = nn.Sequential(convolution(dims, channels, 6, 3, stride=2, padding=1), nn.Tanh())
        self.second = convolution(dims, 6, 1, 3, padding=1)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        joined = image if condition is None else torch.cat([image, condition], 1)
        return [self.first(joined)]

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.second(self.features(image, condition)[-1])


class Segmenter(nn.Module):
    """Logits of two classes, with features."""

    def __init__(self, dims: int):
        super().__init__()
        self.body = nn.Sequential(convolution(dims, 1, 6, 3, padding=1), normalisation(dims, 6), nn.Tanh())
        self.head = convolution(dims, 6, 2, 1)

    def features(self, image: Tensor) -> list[Tensor]:
        return [self.body(image)]

    def predict(self, features: list[Tensor]) -> Tensor:
        return self.head(features[-1])

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.predict(self.features(image))


class FeatureDiscriminator(Discriminator):
    def forward(self, features: list[Tensor], condition: Tensor | None = None) -> Tensor:
        return super().forward(torch.cat(features, 1))


class Joined(Translator):
    """A translator of two channels that puts the condition beside the image."""

    def __init__(self, dims: int, channels: int = 1):
        super().__init__(dims, channels)
        self[0] = convolution(dims, 2, 6, 3, padding=1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return super().forward(torch.cat([image, condition], 1))


class Flow(nn.Module):
    """A field from two images."""

    def __init__(self, dims: int):
        super().__init__()
        self.body = nn.Sequential(convolution(dims, 2, 6, 3, padding=1), nn.Tanh(), convolution(dims, 6, dims, 1))

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        return self.body(torch.cat([image, condition], 1))


class Named(Discriminator):
    """A discriminator that also names the contrast, of two."""

    def __init__(self, dims: int):
        super().__init__(dims)
        self.label = nn.Linear(6, 2)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        last = self.features(image)[-1]
        return {"score": self.second(last), "label": self.label(last.flatten(2).mean(2))}


class Contrasts(nn.Module):
    """One contrast from a stack of two."""

    def __init__(self, dims: int):
        super().__init__()
        self.body = Joined(dims)
        self.body[0], self.body[-1] = convolution(dims, 4, 6, 3, padding=1), convolution(dims, 6, 1, 3, padding=1)

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        return self.body(image, condition).tanh()


class Stacked(games.CollaGAN):
    """CollaGAN on two contrasts made of the feed's two words."""

    def play(self, batch):
        return super().play({**batch, "image": torch.cat([batch["source"], batch["target"]], 1).tanh()})

    def forward(self, batch):
        return super().forward({**batch, "source": torch.cat([batch["source"], batch["target"]], 1).tanh()})


class Pyramid(nn.Module):
    """The generators of a pyramid of one level."""

    latent_shape, levels = (5,), 1

    def __init__(self, dims: int):
        super().__init__()
        self.shape = (1, *(SIDE // 2,) * dims)
        self.coarse = nn.Sequential(nn.Linear(5, (SIDE // 2) ** dims), nn.Tanh())
        self.fine = Joined(dims)

    def coarsest(self, latent: Tensor) -> Tensor:
        return self.coarse(latent).view(-1, *self.shape)

    def residual(self, level: int, plane: Tensor, low: Tensor) -> Tensor:
        return self.fine(low, plane)


class PyramidJudges(nn.Module):
    """The discriminators of a pyramid of one level."""

    def __init__(self, dims: int):
        super().__init__()
        self.coarse, self.fine = Discriminator(dims), Discriminator(dims, 2)

    def judge(self, level: int, image: Tensor, low: Tensor | None) -> Tensor:
        return self.coarse(image) if low is None else self.fine(image, low)


class Views(nn.Module):
    """An image from its two projections."""

    def __init__(self, dims: int):
        super().__init__()
        self.shape = (1, *(SIDE,) * dims)
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(2 * SIDE ** (dims - 1), 16), nn.Tanh(), nn.Linear(16, SIDE**dims)
        )

    def forward(self, views: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.dense(views).view(-1, *self.shape)


class Generator(nn.Module):
    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.shape = (1, *(SIDE,) * dims)
        self.dense = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, SIDE**dims))

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        return torch.tanh(self.dense(latent).view(-1, *self.shape))


class ClassDiscriminator(Discriminator):
    def __init__(self, dims: int):
        super().__init__(dims)
        self.project = Projection(6, CLASSES)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.project(self.features(image)[-1].flatten(2).sum(2), condition)


class Encoder(nn.Module):
    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(SIDE**dims, 16), nn.Tanh(), nn.Linear(16, 10))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.dense(image).chunk(2, 1)
        return mean, log_variance


class PointEncoder(Encoder):
    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image)[0]


class Headed(Discriminator):
    """Several heads on one trunk: a score, logits of classes, a description of a code."""

    def __init__(self, dims: int, **sizes: int):
        super().__init__(dims)
        width = 6 * (SIDE // 2) ** dims
        self.second = nn.ModuleDict({name: nn.Linear(width, n) for name, n in sizes.items()})

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        found = self.features(image)[-1].flatten(1)
        return {name: head(found) for name, head in self.second.items()}


class Autoencoding(nn.Module):
    def __init__(self, dims: int):
        super().__init__()
        self.encoder, self.decoder = PointEncoder(dims), Generator(dims)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        code = self.encoder(image)
        return {"restored": self.decoder(code), "code": code}


class Joint(nn.Module):
    def __init__(self, dims: int):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(SIDE**dims + 5, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        return self.body(torch.cat([image.flatten(1), condition], 1))


class CodeJudge(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))


class LabelGenerator(Generator):
    classes = CLASSES

    def __init__(self, dims: int):
        super().__init__(dims)
        self.named = nn.Embedding(CLASSES, 5)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        return super().forward(latent + self.named(condition))


class LabelDiscriminator(Discriminator):
    def __init__(self, dims: int):
        super().__init__(dims)
        self.named = nn.Embedding(CLASSES, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return super().forward(image).flatten(1).mean(1, keepdim=True) * self.named(condition)


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
    "Supervised": lambda dims: games.Supervised(Translator(dims)),
    "UNIT": unit,
    "VAEGAN": lambda dims: games.VAEGAN(Encoder(dims), Generator(dims), Discriminator(dims), gamma=1e-2),
    "WGAN": lambda dims: games.WGAN(Generator(dims), Discriminator(dims), clip=0.1, critic_steps=2),
    "X2CT": lambda dims: games.X2CT(Views(dims), Discriminator(dims, 3)),
    "WGANGP": lambda dims: games.WGANGP(Generator(dims), Discriminator(dims), critic_steps=2),
}

BUILD |= playground_text.BUILD

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
        }


def batch(dims: int = 2, play: int = 0, part: int = 0, parts: int = 1, dtype: torch.dtype = torch.float32) -> dict:
    found = NoiseFeed(dims, dtype=dtype).batch(play, part, parts)
    share = BATCH // parts
    found["draws"] = Draws(0, play, range(part * share, (part + 1) * share))
    return found
