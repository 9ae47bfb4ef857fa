"""Tiny networks without batch norm or dropout, one for each part that a game may need."""

import torch
from torch import Tensor, nn

from adversaria import games
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


class Coloured(Joined):
    """A translator of an image and so many maps."""

    def __init__(self, dims: int, maps: int):
        super().__init__(dims)
        self[0] = convolution(dims, 1 + maps, 6, 3, padding=1)


class TwoStem(nn.Module):
    """A discriminator of single images, and one of pairs."""

    def __init__(self, dims: int):
        super().__init__()
        self.alone, self.pair = Discriminator(dims), Discriminator(dims, 2)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.alone(image) if condition is None else self.pair(image, condition)


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
