"""Every game small enough for a test: tiny networks without batch norm or dropout, and a keyed feed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from adversaria import games, losses
from adversaria.draws import Draws, stream
from adversaria.games.game import Game

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


class Generator(nn.Module):
    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.shape = (1, *(SIDE,) * dims)
        self.dense = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, SIDE**dims))

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        return torch.tanh(self.dense(latent).view(-1, *self.shape))


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


BUILD: dict[str, Callable[[int], Game]] = {
    "ACGAN": lambda dims: games.ACGAN(LabelGenerator(dims), Headed(dims, score=1, label=CLASSES)),
    "ALI": lambda dims: games.ALI(Encoder(dims), Generator(dims), Joint(dims)),
    "AdversarialAutoencoder": lambda dims: games.AdversarialAutoencoder(
        PointEncoder(dims), Generator(dims), CodeJudge()
    ),
    "AnoGAN": lambda dims: games.AnoGAN(Generator(dims), Discriminator(dims), steps=3),
    "BEGAN": lambda dims: games.BEGAN(Generator(dims), Autoencoding(dims), balance=0.5),
    "BiGAN": lambda dims: games.BiGAN(PointEncoder(dims), Generator(dims), Joint(dims)),
    "CGAN": lambda dims: games.CGAN(
        LabelGenerator(dims), LabelDiscriminator(dims), penalty=losses.R1(every=2), augmentation=losses.DiffAugment()
    ),
    "CatGAN": lambda dims: games.CatGAN(Generator(dims), Headed(dims, label=CLASSES), supervised=1.0),
    "CycleGAN": cyclegan,
    "EBGAN": lambda dims: games.EBGAN(Generator(dims), Autoencoding(dims), margin=20.0),
    "FGAN": lambda dims: games.FGAN(Generator(dims), Discriminator(dims)),
    "GAN": lambda dims: games.GAN(
        Generator(dims), Discriminator(dims), augmentation=losses.AdaptiveAugmentation(rise=2)
    ),
    "InfoGAN": lambda dims: games.InfoGAN(Generator(dims), Headed(dims, score=1, code=6), categories=2, factors=2),
    "Pix2Pix": lambda dims: games.Pix2Pix(Translator(dims), Discriminator(dims, 2)),
    "SemiSupervisedGAN": lambda dims: games.SemiSupervisedGAN(
        Generator(dims), Headed(dims, label=CLASSES), adversarial=0.1
    ),
    "Supervised": lambda dims: games.Supervised(Translator(dims)),
    "VAEGAN": lambda dims: games.VAEGAN(Encoder(dims), Generator(dims), Discriminator(dims), gamma=1e-2),
    "WGAN": lambda dims: games.WGAN(Generator(dims), Discriminator(dims), clip=0.1, critic_steps=2),
    "WGANGP": lambda dims: games.WGANGP(Generator(dims), Discriminator(dims), critic_steps=2),
}

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
        }


def batch(dims: int = 2, play: int = 0, part: int = 0, parts: int = 1, dtype: torch.dtype = torch.float32) -> dict:
    found = NoiseFeed(dims, dtype=dtype).batch(play, part, parts)
    share = BATCH // parts
    found["draws"] = Draws(0, play, range(part * share, (part + 1) * share))
    return found
