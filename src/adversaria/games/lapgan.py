"""A pyramid of generators, each adding what the coarser image lacks."""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d, interpolate

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import SGD
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class LAPGAN(Game):
    """Deep generative image models using a Laplacian pyramid of adversarial networks (Denton et al. 2015, eq. 5).

    I_0 = x, I_{k+1} = d(I_k), l_k = u(I_{k+1}), h_k = I_k - l_k; at every level
    D_k: -log D_k(h_k, l_k) - log(1 - D_k(G_k(z_k, l_k), l_k)),   G_k: -log D_k(G_k(z_k, l_k), l_k)

    and the same without a condition for the coarsest image I_K = G_K(z_K). d averages blocks of 2, u repeats pixels.
    D_k sees l_k + h_k beside l_k; z_k is one more image plane. Levels share no parameter, so the sum of their
    losses trains each as if alone. Sampling: I_k = u(I_{k+1}) + G_k(z_k, u(I_{k+1})). Reads `image`, whose sides
    must be divisible by 2 for each level.
    """

    key = "lapgan"
    players = {"generators": ("generators",), "discriminators": ("discriminators",)}
    optimisers = dict.fromkeys(players, SGD(0.02, 0.5))

    def __init__(self, generators: nn.Module, discriminators: nn.Module, adversarial: Objective = NonSaturating()):
        super().__init__()
        self.latent_shape = latent_shape_of(generators)
        self.generators: Any = generators
        self.discriminators: Any = discriminators
        self.adversarial = adversarial

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both pyramids know the image."""
        return {
            "generators": {"out_channels": "image", "size": "image"},
            "discriminators": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """All discriminators, then all generators."""
        images = pyramid(batch["image"], self.generators.levels)
        lows = [up(image) for image in images[1:]]
        fakes = [low + self.residual(batch, level, low) for level, low in enumerate(lows)]
        fakes.append(self.generators.coarsest(self.normal(batch, "latent", self.latent_shape)))
        pairs = list(zip(images, fakes, [*lows, None], strict=True))
        yield (
            "discriminators",
            {
                f"level_{k}": self.adversarial.discriminator(
                    self.discriminators.judge(k, real, low), self.discriminators.judge(k, fake, low)
                )
                for k, (real, fake, low) in enumerate(pairs)
            },
        )
        yield (
            "generators",
            {
                f"level_{k}": self.adversarial.generator(self.discriminators.judge(k, fake, low))
                for k, (_, fake, low) in enumerate(pairs)
            },
        )

    def residual(self, batch: Batch, level: int, low: Tensor) -> Tensor:
        """Draw the residual of a level, given the coarser image at its size."""
        plane = self.normal(batch, f"plane {level}", (1, *low.shape[2:])).to(low)
        return self.generators.residual(level, plane, low)

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample, from coarse to fine: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        image = self.generators.coarsest(latent)
        for level in reversed(range(self.generators.levels)):
            low = up(image)
            image = low + self.residual(batch, level, low)
        return {"output": image}


def down(image: Tensor) -> Tensor:
    """Average blocks of 2 along every axis."""
    return (avg_pool2d if image.ndim == 4 else avg_pool3d)(image, 2)


def up(image: Tensor) -> Tensor:
    """Repeat every pixel along every axis."""
    return interpolate(image, scale_factor=2, mode="nearest")


def pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """Give I_0 to I_levels, finest first."""
    images = [image]
    for _ in range(levels):
        images.append(down(images[-1]))
    return images


def residuals(images: list[Tensor]) -> list[Tensor]:
    """Give h_k = I_k - u(I_{k+1}) of a pyramid."""
    return [fine - up(coarse) for fine, coarse in zip(images[:-1], images[1:], strict=True)]


def rebuilt(coarse: Tensor, details: list[Tensor]) -> Tensor:
    """Add residuals (finest first) to the coarsest image; the inverse of `pyramid` and `residuals`."""
    image = coarse
    for detail in reversed(details):
        image = up(image) + detail
    return image
