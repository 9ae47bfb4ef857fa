"""Class-conditional GAN at scale."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import Hinge, Objective
from adversaria.vocabulary import Batch


class BigGAN(Game):
    """Large scale GAN training (Brock et al. 2019, section 3).

    discriminator: E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y))
    generator:    -E D(G(z, y), y) + 1e-4 sum_W ||W W^T .* (1 - I)||_F^2

    W runs over the generator's weights but the shared class embedding, flattened to (outputs, rest). The
    discriminator steps at every play, the generator at every `discriminator_steps`-th (2). With `orthogonal` 0 and
    5 steps this is the training of the projection discriminator (Miyato and Koyama 2018). With
    `truncation` samples are drawn from a latent truncated there, by resampling. Reads `image` and `label`; samples
    without a label get classes drawn uniformly.
    """

    key = "biggan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(5e-5, (0.0, 0.999)), "discriminator": Adam(2e-4, (0.0, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = Hinge(),
        orthogonal: float = 1e-4,
        discriminator_steps: int = 2,
        truncation: float | None = None,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator: Any = generator
        self.discriminator: Any = discriminator
        self.adversarial, self.orthogonal = adversarial, orthogonal
        self.discriminator_steps, self.truncation = discriminator_steps, truncation

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`, for as many classes as `label` has."""
        return {
            "generator": {"out_channels": "image", "size": "image", "classes": "label"},
            "discriminator": {"in_channels": "image", "size": "image", "classes": "label"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator at every play; generator at every `discriminator_steps`-th."""
        real, label = batch["image"], batch["label"]
        generator_steps = self.plays % self.discriminator_steps == self.discriminator_steps - 1
        with torch.set_grad_enabled(generator_steps):
            fake = self.generator(self.normal(batch, "latent", self.latent_shape), label)
        scores = self.discriminator(real, label), self.discriminator(fake, label)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(*scores)}
        if generator_steps:
            losses = {"adversarial": self.adversarial.generator(self.discriminator(fake, label))}
            if self.orthogonal:
                weights = (p for n, p in self.generator.named_parameters() if not n.startswith("shared."))
                losses["orthogonality"] = self.orthogonal * orthogonality(weights)
            yield "generator", losses

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` and `label` if given, else from keyed draws."""
        latent, label = batch.get("latent"), batch.get("label")
        if latent is None:
            uniform = self.uniform(batch, "latent", self.latent_shape)
            latent = truncated(uniform, self.truncation or float("inf"))
        if label is None:
            label = (self.uniform(batch, "label") * self.generator.classes).long()
        return {"output": self.generator(latent, label), "label": label}


def orthogonality(weights: Iterable[Tensor]) -> Tensor:
    """Sum of ||W W^T .* (1 - I)||_F^2 over weights of two and more axes, rows being output filters."""
    total = []
    for weight in weights:
        if weight.ndim > 1:
            rows = weight.flatten(1)
            gram = rows @ rows.T
            total.append((gram - torch.diag(gram.diagonal())).square().sum())
    return torch.stack(total).sum()


def truncated(uniform: Tensor, limit: float) -> Tensor:
    """Turn uniform numbers into standard normal ones truncated to (-limit, limit), as resampling gives them."""
    low = torch.special.ndtr(uniform.new_tensor(-limit, dtype=torch.float64))
    return torch.special.ndtri(low + uniform.double() * (1 - 2 * low)).to(uniform.dtype)
