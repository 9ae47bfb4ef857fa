"""Every game small enough for a test: tiny networks without batch norm or dropout, and a keyed feed."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from adversaria import games
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


class Generator(nn.Module):
    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.shape = (1, *(SIDE,) * dims)
        self.dense = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, SIDE**dims))

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        return torch.tanh(self.dense(latent).view(-1, *self.shape))


class ClassGenerator(Generator):
    classes = CLASSES

    def __init__(self, dims: int):
        super().__init__(dims)
        self.embedding = nn.Embedding(CLASSES, 5)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        return super().forward(latent + self.embedding(condition).to(latent))


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


BUILD: dict[str, Callable[[int], Game]] = {
    "BigGAN": lambda dims: games.BigGAN(ClassGenerator(dims), ClassDiscriminator(dims)),
    "CycleGAN": cyclegan,
    "GAN": lambda dims: games.GAN(Generator(dims), Discriminator(dims)),
    "PGGAN": pggan,
    "Pix2Pix": lambda dims: games.Pix2Pix(Translator(dims), Discriminator(dims, 2)),
    "StyleGAN": stylegan,
    "Supervised": lambda dims: games.Supervised(Translator(dims)),
    "VAEGAN": lambda dims: games.VAEGAN(Encoder(dims), Generator(dims), Discriminator(dims), gamma=1e-2),
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
        one = [stream("noise", play, slot).standard_normal((1, *(SIDE,) * self.dims)) for slot in slots]
        source = torch.stack([torch.from_numpy(x) for x in one]).to(self.dtype)
        label = torch.tensor([int(stream("label", play, slot).integers(CLASSES)) for slot in slots])
        return {"source": source, "target": (0.5 * source).tanh(), "image": source.tanh(), "label": label}


def batch(dims: int = 2, play: int = 0, part: int = 0, parts: int = 1, dtype: torch.dtype = torch.float32) -> dict:
    found = NoiseFeed(dims, dtype=dtype).batch(play, part, parts)
    share = BATCH // parts
    found["draws"] = Draws(0, play, range(part * share, (part + 1) * share))
    return found
