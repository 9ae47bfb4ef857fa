"""The networks of the stacked GAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.vocabulary import UserError


def _halved(size: int) -> int:
    """The levels between the image and 4 pixels; two of them lie below the features."""
    levels = levels_of(size, 4, "a stacked GAN")
    if levels < 3:
        raise UserError(f"a stacked GAN needs sides of at least 32, not {size}.", "Choose a patch of 32 or 64.")
    return levels


class StackEncoder(nn.Module):
    """Classifier in two parts (Huang et al. 2017, section 4): image to features (B, 4 width, S/4), these to logits.

    Strided 4x4 convolutions, batch norm, ReLU.
    """

    key = "stack-encoder"

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 2,
        size: int = 32,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        rest = _halved(size) - 2
        self.lower = nn.Sequential(
            convolution(dims, in_channels, 2 * width, 4, 2, 1), nn.ReLU(),
            convolution(dims, 2 * width, 4 * width, 4, 2, 1), normalisation(norm, dims, 4 * width), nn.ReLU(),
        )  # fmt: skip
        parts: list[nn.Module] = []
        for _ in range(rest):
            parts += [convolution(dims, 4 * width, 4 * width, 4, 2, 1), normalisation(norm, dims, 4 * width), nn.ReLU()]
        self.upper = nn.Sequential(*parts, nn.Flatten(), nn.Linear(4 * width * 4**dims, classes))

    def features(self, image: Tensor) -> Tensor:
        """Give h = E_1(x)."""
        return self.lower(image)

    def top(self, features: Tensor) -> Tensor:
        """Give logits E_2(h)."""
        return self.upper(features)

    def forward(self, image: Tensor) -> Tensor:
        """Give logits (B, classes)."""
        return self.top(self.features(image))


class StackTop(nn.Module):
    """The upper generator: noise and a label to features (B, 4 width, S/4), not negative as after a ReLU."""

    key = "stack-top"

    def __init__(
        self, classes: int = 2, size: int = 32, latent: int = 50, width: int = 32, norm: str = "batch", dims: int = 2
    ):
        super().__init__()
        self.latent_shape, self.classes, self.dims = (latent,), classes, dims
        self.label = nn.Embedding(classes, latent)
        parts: list[nn.Module] = [transposed(dims, 2 * latent, 4 * width, 4)]
        for _ in range(_halved(size) - 2):
            parts += [normalisation(norm, dims, 4 * width), nn.ReLU(), transposed(dims, 4 * width, 4 * width, 4, 2, 1)]
        self.body = nn.Sequential(*parts, nn.ReLU())

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Make features of a label (B,)."""
        joined = torch.cat([latent, self.label(condition)], 1)
        return self.body(joined.view(*joined.shape, *[1] * self.dims))


class StackImage(nn.Module):
    """The lower generator: noise and features (B, 4 width, S/4) to an image, tanh."""

    key = "stack-image"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 32,
        latent: int = 50,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape, self.dims = (latent,), dims
        parts = [convolution(dims, 4 * width + latent, 4 * width, 3, 1, 1), normalisation(norm, dims, 4 * width)]
        parts += [nn.ReLU(), transposed(dims, 4 * width, 2 * width, 4, 2, 1), normalisation(norm, dims, 2 * width)]
        self.body = nn.Sequential(*parts, nn.ReLU(), transposed(dims, 2 * width, out_channels, 4, 2, 1), nn.Tanh())
        normal(self)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Make the image of features."""
        plane = latent.view(*latent.shape, *[1] * self.dims).expand(-1, -1, *condition.shape[2:])
        return self.body(torch.cat([condition, plane], 1))


class StackDiscriminator(nn.Module):
    """A level's discriminator with its guess of the noise: `score` (B, 1) and `latent` (B, N).

    `halvings` strided 4x4 convolutions, LeakyReLU 0.2, then the mean and two heads.
    """

    key = "stack-discriminator"

    def __init__(self, in_channels: int = 1, latent: int = 50, halvings: int = 3, width: int = 64, dims: int = 2):
        super().__init__()
        widths = [in_channels, *(width * 2**k for k in range(halvings))]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [convolution(dims, inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*parts)
        self.score, self.latent = nn.Linear(widths[-1], 1), nn.Linear(widths[-1], latent)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Judge an image or features."""
        found = self.body(image).flatten(2).mean(2)
        return {"score": self.score(found), "latent": self.latent(found)}
