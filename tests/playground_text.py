"""Fixtures of the games that read labels, sentences and places."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria import games, networks
from adversaria.games.game import Game
from adversaria.networks.place import box_maps

SIDE, WORDS, TEXT, CODE = 8, 8, 6, 3


def convolution(dims: int, *args, **kwargs) -> nn.Module:
    return (nn.Conv2d if dims == 2 else nn.Conv3d)(*args, **kwargs)


class Dense(nn.Module):
    """Numbers to a map."""

    def __init__(self, inputs: int, side: int, dims: int, channels: int = 1):
        super().__init__()
        self.shape = (channels, *(side,) * dims)
        self.body = nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, channels * side**dims))

    def forward(self, numbers: Tensor) -> Tensor:
        return self.body(numbers).view(-1, *self.shape)


class Small(nn.Module):
    """The first stage: half the side."""

    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.body = Dense(5 + CODE, SIDE // 2, dims)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        return self.body(torch.cat([latent, condition], 1)).tanh()


class Large(nn.Module):
    """The second stage: twice the side."""

    def __init__(self, dims: int):
        super().__init__()
        self.code, self.image = Dense(CODE, SIDE, dims), convolution(dims, 1, 1, 3, padding=1)

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        return (self.image(interpolate(image, scale_factor=2.0)) + self.code(condition)).tanh()


class Attending(nn.Module):
    """Two sizes, the second with the words' mean."""

    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.first, self.second, self.word = Small(dims), Large(dims), nn.Linear(TEXT, CODE)

    def forward(self, latent: Tensor, condition: Tensor, words: Tensor, known: Tensor) -> list[Tensor]:
        small = self.first(latent, condition)
        return [small, self.second(small, self.word(words.mean(2)))]


class Boxed(nn.Module):
    """An image that is written inside a box."""

    latent_shape = (5,)

    def __init__(self, dims: int):
        super().__init__()
        self.body = Dense(5 + TEXT, SIDE, dims)

    def forward(self, latent: Tensor, condition: Tensor, boxes: Tensor) -> Tensor:
        made = self.body(torch.cat([latent, condition], 1))
        return (made * (0.5 + box_maps(boxes, tuple(made.shape[2:])).to(made))).tanh()


class Layered(nn.Module):
    """A classifier of three classes in two parts."""

    def __init__(self, dims: int):
        super().__init__()
        self.lower = nn.Sequential(convolution(dims, 1, 2, 3, stride=2, padding=1), nn.Tanh())
        self.upper = nn.Linear(2, 3)

    def features(self, image: Tensor) -> Tensor:
        return self.lower(image)

    def top(self, features: Tensor) -> Tensor:
        return self.upper(features.flatten(2).mean(2))

    def forward(self, image: Tensor) -> Tensor:
        return self.top(self.features(image))


class Top(nn.Module):
    latent_shape = (4,)

    def __init__(self, dims: int):
        super().__init__()
        self.label, self.body = nn.Embedding(3, 4), Dense(8, SIDE // 2, dims, 2)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        return self.body(torch.cat([latent, self.label(condition)], 1)).tanh()


class Bottom(nn.Module):
    latent_shape = (4,)

    def __init__(self, dims: int):
        super().__init__()
        self.noise, self.body = Dense(4, SIDE, dims), convolution(dims, 2, 1, 3, padding=1)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        return (self.body(interpolate(condition, scale_factor=2.0)) + self.noise(latent)).tanh()


def encoders(dims: int) -> list[nn.Module]:
    return [networks.TextEncoder(WORDS, TEXT), networks.RegionEncoder(1, TEXT, 2, dims)]


def judge(dims: int, side: int = SIDE, places: int = 0) -> nn.Module:
    return networks.TextDiscriminator(1, side, TEXT, CODE, 4, places, dims)


def stackgan(dims: int) -> Game:
    widen = [networks.ConditioningAugmentation(TEXT, CODE) for _ in range(2)]
    stages = [widen[0], Small(dims), judge(dims, SIDE // 2), widen[1], Large(dims), judge(dims)]
    return games.StackGAN(*encoders(dims), *stages, encoder_plays=1, first_plays=1)


def attngan(dims: int) -> Game:
    widen = networks.ConditioningAugmentation(TEXT, CODE)
    judges = networks.StageDiscriminators(1, SIDE, 2, TEXT, CODE, 4, dims)
    return games.AttnGAN(*encoders(dims), widen, Attending(dims), judges, encoder_plays=1)


def stacked(dims: int) -> Game:
    judges = [networks.StackDiscriminator(channels, 4, 1, 4, dims) for channels in (2, 1)]
    return games.StackedGAN(Layered(dims), Top(dims), Bottom(dims), *judges, encoder_plays=1, alone_plays=1)


def caption(dims: int) -> Game:
    teller = networks.Captioner(1, WORDS, 6, 6, 2, dims)
    return games.CaptionGAN(teller, networks.CaptionDiscriminator(1, WORDS, 6, 2, dims), likelihood_plays=1)


BUILD: dict[str, Callable[[int], Game]] = {
    "AttnGAN": attngan,
    "CaptionGAN": caption,
    "LocationGAN": lambda dims: games.LocationGAN(*encoders(dims), Boxed(dims), judge(dims, places=1), encoder_plays=1),
    "StackGAN": stackgan,
    "StackedGAN": stacked,
}
