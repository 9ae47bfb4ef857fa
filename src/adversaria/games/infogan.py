"""The information-maximising GAN."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, NoPenalty, Objective, Penalty
from adversaria.vocabulary import Batch, UserError


class InfoGAN(Game):
    """InfoGAN (Chen et al. 2016, eq. 6): a code c in the latent vector that the image must still tell.

    min_{G,Q} max_D  V(D, G) - lambda L_I(G, Q),   L_I = E_{c, x ~ G(z, c)} log Q(c|x) + H(c) <= I(c; G(z, c))

    c is one `categories`-way code (weight `categorical`) and `factors` uniform codes on (-1, 1) (weight
    `continuous`), whose posterior is a Gaussian with mean and variance from Q. The latent vector is the noise,
    then the one-hot code, then the uniform ones. The discriminator gives `score`, and under `code` the logits, means
    and log variances: Q shares its trunk, which belongs to the discriminator and moves with Q. The score is not
    trained on L_I, but both players minimise -lambda L_I, as the authors do. With a `penalty` it can
    be a WGAN-GP; the generator steps at every `critic_steps`-th play only (as in WGAN-GP). Reads `image`.

    A code can also be told from a pattern too faint to see, and then says nothing of real images. `noise` (0 in the
    paper) is the standard deviation of what is added to all that the discriminator sees, in the images' own scale of
    -1 to 1: fainter patterns are lost in it.
    """

    key = "infogan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(1e-3, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        categories: int = 10,
        factors: int = 2,
        categorical: float = 1.0,
        continuous: float = 0.1,
        adversarial: Objective = NonSaturating(),
        penalty: Penalty = NoPenalty(),
        critic_steps: int = 1,
        noise: float = 0.0,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        if self.latent_shape[0] <= categories + factors:
            raise UserError("the latent vector has no room for noise beside the code.", "Give a larger `latent`.")
        self.generator, self.discriminator, self.adversarial = generator, discriminator, adversarial
        self.penalty, self.critic_steps = penalty, critic_steps
        self.categories, self.factors = categories, factors
        self.categorical, self.continuous, self.noise = categorical, continuous, noise

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator with Q, then generator, on one generated batch."""
        latent = self.latent(batch)
        generator_steps = self.plays % self.critic_steps == self.critic_steps - 1
        with torch.set_grad_enabled(generator_steps):
            fake = self.noisy(self.generator(latent), batch, "fake")
        judged, real = self.discriminator(fake), self.noisy(batch["image"], batch, "real")
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(self.discriminator(real), judged),
                **self.penalty.at(self.plays)(self.discriminator, real, fake, self.uniform(batch, "mix")),
                **self.information(judged["code"], latent),
            },
        )
        if generator_steps:
            judged = self.discriminator(fake)
            yield (
                "generator",
                {"adversarial": self.adversarial.generator(judged), **self.information(judged["code"], latent)},
            )

    def information(self, found: Tensor, latent: Tensor) -> dict[str, Tensor]:
        """Give -lambda L_I of each part of the code."""
        found = found.to(torch.promote_types(found.dtype, torch.float32))
        logits, mean, log_variance = found.split([self.categories, self.factors, self.factors], 1)
        _, chosen, drawn = latent.split(
            [self.latent_shape[0] - self.categories - self.factors, self.categories, self.factors], 1
        )
        losses = {}
        if self.categories:
            losses["categorical"] = -self.categorical * categorical_bound(logits, chosen)
        if self.factors:
            losses["continuous"] = -self.continuous * continuous_bound(mean, log_variance, drawn)
        return losses

    def noisy(self, image: Tensor, batch: Batch, name: str) -> Tensor:
        """Give what the discriminator sees of (B, C, *S)."""
        if not self.noise:
            return image
        return image + self.noise * self.normal(batch, f"noise {name}", tuple(image.shape[1:])).to(image)

    def latent(self, batch: Batch) -> Tensor:
        """Draw noise and code."""
        noise = self.normal(batch, "latent", (self.latent_shape[0] - self.categories - self.factors,))
        place = (self.uniform(batch, "category") * self.categories).long()
        chosen = one_hot(place, self.categories).to(noise) if self.categories else noise[:, :0]
        return torch.cat([noise, chosen, 2 * self.uniform(batch, "factors", (self.factors,)) - 1], 1)

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample, from `latent` or keyed draws; of `image`, if any, give the posterior code."""
        latent = batch.get("latent")
        found = {"code": self.discriminator(batch["image"])["code"]} if "image" in batch else {}
        return {"output": self.generator(self.latent(batch) if latent is None else latent), **found}


def categorical_bound(logits: Tensor, chosen: Tensor) -> Tensor:
    """L_I of a uniform categorical code: E log Q(c|x) + log K, from logits and one-hot codes (B, K)."""
    return (chosen * logits.log_softmax(1)).sum(1).mean() + math.log(logits.shape[1])


def continuous_bound(mean: Tensor, log_variance: Tensor, drawn: Tensor) -> Tensor:
    """L_I of codes uniform on (-1, 1) under a Gaussian posterior (B, N): E log Q(c|x) + N log 2."""
    log_density = -0.5 * ((drawn - mean).square() / log_variance.exp() + log_variance + math.log(2 * math.pi))
    return log_density.sum(1).mean() + drawn.shape[1] * math.log(2)
