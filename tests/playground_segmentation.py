"""Games of segmentation small enough for a test."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from adversaria import games
from adversaria.games.game import Game
from playground_networks import CLASSES, Discriminator, Headed, Segmenter, Translator, convolution


class Pair(nn.Module):
    """Logits of two classes from an image and a condition, joined by the game."""

    def __init__(self, dims: int, channels: int, out: int = 2):
        super().__init__()
        self.body = nn.Sequential(
            convolution(dims, channels, 6, 3, padding=1), nn.Tanh(), convolution(dims, 6, out, 3, padding=1)
        )

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.body(image)


class Views(nn.Module):
    """Maps of two classes for each of two projections, of one axis less."""

    def __init__(self, dims: int):
        super().__init__()
        self.arms = nn.ModuleList(line(dims - 1, 1, 6) for _ in range(2))
        self.ends = nn.ModuleList(line(dims - 1, 6, 2) for _ in range(2))

    def forward(self, first: Tensor, second: Tensor) -> list[Tensor]:
        return [end(arm(view).tanh()) for view, arm, end in zip((first, second), self.arms, self.ends, strict=True)]


def line(dims: int, *channels: int) -> nn.Module:
    return (nn.Conv1d if dims == 1 else nn.Conv2d)(*channels, 3, padding=1)


class Energy(nn.Module):
    """Restores maps of one class."""

    def __init__(self, dims: int):
        super().__init__()
        self.body = nn.Sequential(line(dims - 1, 1, 6), nn.Tanh(), line(dims - 1, 6, 1))

    def forward(self, maps: Tensor) -> Tensor:
        return self.body(maps)


class Early(nn.Sequential):
    def __init__(self, dims: int):
        super().__init__(convolution(dims, 1, 4, 3, padding=1), nn.Tanh())


class Late(nn.Module):
    def __init__(self, dims: int):
        super().__init__()
        self.middle, self.head = convolution(dims, 4, 4, 3, padding=1), convolution(dims, 4, 2, 1)

    def forward(self, features: Tensor) -> list[Tensor]:
        value = self.middle(features).tanh()
        return [value, self.head(value)]


class Joint(Discriminator):
    """Judges a list of maps."""

    def forward(self, found: list[Tensor], condition: Tensor | None = None) -> Tensor:
        return super().forward(torch.cat(found, 1))


class Located(nn.Module):
    """Logits and heat maps of landmarks."""

    def __init__(self, dims: int):
        super().__init__()
        self.body = Pair(dims, 1, 2 + 2 * dims)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        made = self.body(image)
        return {"mask": made[:, :2], "landmarks": made[:, 2:]}


class Counted(nn.Module):
    """Logits and indices."""

    def __init__(self, dims: int):
        super().__init__()
        self.body, self.read = Pair(dims, 1), nn.Linear(2, 1 + dims)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        made = self.body(image)
        return {"mask": made, "values": self.read(made.flatten(2).mean(2))}


class Related(nn.Module):
    """Judges a map with its indices."""

    def __init__(self, dims: int):
        super().__init__()
        self.look, self.read = Discriminator(dims, 2), nn.Linear(1 + dims, 1)

    def forward(self, maps: Tensor, values: Tensor) -> Tensor:
        return self.look(maps).flatten(1).mean(1, keepdim=True) + self.read(values)


class Named(Headed):
    """Judges maps beside an image, and names its class."""

    def __init__(self, dims: int):
        super().__init__(dims, score=1, label=CLASSES)
        self.first = nn.Sequential(convolution(dims, 3, 6, 3, stride=2, padding=1), nn.Tanh())

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        return super().forward(torch.cat([image, condition], 1))


BUILD: dict[str, Callable[[int], Game]] = {
    "AdversarialExamples": lambda dims: games.AdversarialExamples(Segmenter(dims)),
    "ButterflyGAN": lambda dims: games.ButterflyGAN(Views(dims), Energy(dims), Energy(dims), classes=2, margin=5.0),
    "CascadeSegmentation": lambda dims: games.CascadeSegmentation(
        Segmenter(dims), Pair(dims, 3), Discriminator(dims, 3), Discriminator(dims, 3), classes=2
    ),
    "ClassAwareSegmentation": lambda dims: games.ClassAwareSegmentation(Segmenter(dims), Named(dims)),
    "FeatureAdaptation": lambda dims: games.FeatureAdaptation(
        Early(dims), Late(dims), Early(dims), Joint(dims, 6), first_plays=1, critic_plays=0, critic_steps=2, clip=0.2
    ),
    "LandmarkSegmentation": lambda dims: games.LandmarkSegmentation(Located(dims), Discriminator(dims, 2)),
    "QuantifiedSegmentation": lambda dims: games.QuantifiedSegmentation(Counted(dims), Related(dims)),
    "RefinedSegmentation": lambda dims: games.RefinedSegmentation(
        Segmenter(dims), Discriminator(dims, 3), Pair(dims, 3, 4), first_plays=2
    ),
    "SynthesisSegmentation": lambda dims: games.SynthesisSegmentation(
        Translator(dims), Pair(dims, 2), Discriminator(dims), Discriminator(dims, 2)
    ),
    "UnannotatedAdversarial": lambda dims: games.UnannotatedAdversarial(Segmenter(dims), Discriminator(dims, 2)),
}
