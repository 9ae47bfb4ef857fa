"""Anomaly detection by a search for the latent vector of an image."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.gan import GAN
from adversaria.losses import NonSaturating, NoPenalty, Objective, Penalty
from adversaria.vocabulary import Batch


class AnoGAN(GAN):
    """AnoGAN (Schlegl et al. 2017, eq. 2-6): a GAN of normal images, played as `GAN`; the search is its inference.

    A(x) = min_z (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|,   lambda = `features`

    f is a hidden layer of the discriminator; both sums run over all entries of a sample. z starts from a
    keyed draw and takes `steps` steps of Adam of `rate` (the paper gives no rate), which change nothing else.
    Trains on `image`; of a `source` gives `output` = G(z), `residual` = |x - G(z)| and `score` = A(x).
    """

    key = "anogan"

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        features: float = 0.1,
        layer: int = -1,
        steps: int = 500,
        rate: float = 0.01,
        power: int = 1,
        adversarial: Objective = NonSaturating(),
        penalty: Penalty = NoPenalty(),
    ):
        super().__init__(generator, discriminator, adversarial, penalty)
        self.features, self.layer, self.steps, self.rate, self.power = features, layer, steps, rate, power

    def score(self, image: Tensor, made: Tensor) -> Tensor:
        """Give the anomaly score (B,) of images by their nearest generated ones."""
        look: Any = self.discriminator.features
        apart = (image - made).abs().pow(self.power).flatten(1).sum(1)
        if not self.features:
            return apart
        felt = (look(image)[self.layer] - look(made)[self.layer]).abs().pow(self.power).flatten(1).sum(1)
        return (1 - self.features) * apart + self.features * felt

    def search(self, image: Tensor, latent: Tensor) -> Tensor:
        """Move each latent vector to where the score of its image is least."""
        latent = latent.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([latent], self.rate)
        with torch.enable_grad():
            for _ in range(self.steps):
                (latent.grad,) = torch.autograd.grad(self.score(image, self.generator(latent)).sum(), latent)
                optimiser.step()
        return latent.detach()

    def forward(self, batch: Batch) -> Batch:
        """Explain `source` by the generator; without one, make images as `GAN` does."""
        image, latent = batch.get("source"), batch.get("latent")
        if image is None:
            return super().forward(batch)
        start = self.normal(batch, "latent", self.latent_shape) if latent is None else latent
        made = self.generator(self.search(image, start))
        return {"output": made, "residual": (image - made).abs(), "score": self.score(image, made)}
