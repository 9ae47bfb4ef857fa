"""The categorical GAN assisted by the Wasserstein distance."""

import torch
from torch import nn

from adversaria.games.catgan import CatGAN, entropy, marginal_entropy
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam
from adversaria.losses import GradientPenalty, Penalty, Wasserstein
from adversaria.vocabulary import Batch


class CatWGAN(CatGAN):
    """Categorical GAN with a critic beside it (Yi et al. 2018, catWGAN).

    discriminator: the entropies of CatGAN (there) + w [E f(G(z)) - E f(x) + penalty]
    generator:     the entropies of CatGAN (there) - w E f(G(z))

    The classifier's trunk has a second head, the critic f, so the discriminator gives `score` and `label`; the
    weight w is `wasserstein`. With `supervised` > 0 labelled images come as `image` with `label` and the
    others as `unlabelled`; without, every `image` is unlabelled. Use networks without batch norm in the discriminator.
    """

    key = "cat-wgan"
    optimisers = {"generator": Adam(2e-4, (0.5, 0.9)), "discriminator": Adam(2e-4, (0.5, 0.9))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        supervised: float = 0.0,
        wasserstein: float = 1.0,
        penalty: Penalty = GradientPenalty(),
    ):
        super().__init__(generator, discriminator, supervised)
        self.adversarial, self.wasserstein, self.penalty = Wasserstein(), wasserstein, penalty

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        image = batch["unlabelled" if self.supervised else "image"]
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        real_found, found = self.discriminator(image), self.discriminator(fake)
        real = single(real_found["label"])
        penalty = self.penalty.at(self.plays)(self.discriminator, image, fake, self.uniform(batch, "mix"))
        yield (
            "discriminator",
            {
                "balance": -marginal_entropy(real),
                "certainty": entropy(real),
                "confusion": -entropy(single(found["label"])),
                "wasserstein": self.wasserstein * self.adversarial.discriminator(real_found, found),
                **{name: self.wasserstein * loss for name, loss in penalty.items()},
                **self.labelled(batch),
            },
        )
        found = self.discriminator(fake)
        made = single(found["label"])
        yield (
            "generator",
            {
                "balance": -marginal_entropy(made),
                "certainty": entropy(made),
                "wasserstein": self.wasserstein * self.adversarial.generator(found),
            },
        )


def single(logits: torch.Tensor) -> torch.Tensor:
    """In single precision at least."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
