"""The Wasserstein GAN with gradient penalty."""

import torch
from torch import nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import GradientPenalty, Penalty, Wasserstein
from adversaria.vocabulary import Batch


class WGANGP(Game):
    """Wasserstein GAN with gradient penalty (Gulrajani et al. 2017, eq. 3 and algorithm 1).

    critic:     E_z f(G(z)) - E_x f(x) + lambda E_xhat (||grad f(xhat)||_2 - 1)^2
    generator: -E_z f(G(z)),   xhat = e x + (1 - e) G(z), e ~ U(0, 1) for each sample

    The critic steps at every play, the generator at every `critic_steps`-th, so each critic step sees
    fresh images. Use a critic without batch normalisation. Reads `image`.
    """

    key = "wgan-gp"
    players = {"generator": ("generator",), "critic": ("critic",)}
    optimisers = {"generator": Adam(1e-4, (0.0, 0.9)), "critic": Adam(1e-4, (0.0, 0.9))}

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        penalty: Penalty = GradientPenalty(),
        critic_steps: int = 5,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.critic = generator, critic
        self.adversarial, self.penalty, self.critic_steps = Wasserstein(), penalty, critic_steps

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "critic": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Critic at every play; generator at every `critic_steps`-th."""
        real = batch["image"]
        latent = self.normal(batch, "latent", self.latent_shape)
        generator_steps = self.plays % self.critic_steps == self.critic_steps - 1
        with torch.set_grad_enabled(generator_steps):
            fake = self.generator(latent)
        yield (
            "critic",
            {
                "adversarial": self.adversarial.discriminator(self.critic(real), self.critic(fake)),
                **self.penalty.at(self.plays)(self.critic, real, fake, self.uniform(batch, "mix")),
            },
        )
        if generator_steps:
            yield "generator", {"adversarial": self.adversarial.generator(self.critic(fake))}

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        return {"output": self.generator(latent)}
