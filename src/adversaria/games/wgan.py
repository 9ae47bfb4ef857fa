"""The Wasserstein GAN with clipped weights."""

import torch
from torch import nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import RMSprop
from adversaria.losses import Wasserstein
from adversaria.vocabulary import Batch


class WGAN(Game):
    """Wasserstein GAN (Arjovsky et al. 2017, eq. 2-3 and algorithm 1).

    critic:     max E_x f(x) - E_z f(G(z)),   its parameters clipped to [-c, c] after each of its steps
    generator:  min -E_z f(G(z))

    The critic steps at every play, the generator at every `critic_steps`-th, so each critic step sees
    fresh images; the many more steps that the authors' code gives it at first are not in the algorithm. Minus
    the critic's loss estimates, from below, the Wasserstein-1 distance times the unknown Lipschitz bound that
    clipping allows: compare it within a run only. Reads `image`.
    """

    key = "wgan"
    players = {"generator": ("generator",), "critic": ("critic",)}
    optimisers = {"generator": RMSprop(5e-5), "critic": RMSprop(5e-5)}

    def __init__(self, generator: nn.Module, critic: nn.Module, clip: float = 0.01, critic_steps: int = 5):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.critic, self.adversarial = generator, critic, Wasserstein()
        self.clip, self.critic_steps = clip, critic_steps

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "critic": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Critic at every play, then its clipping; generator at every `critic_steps`-th."""
        latent = self.normal(batch, "latent", self.latent_shape)
        generator_steps = self.plays % self.critic_steps == self.critic_steps - 1
        with torch.set_grad_enabled(generator_steps):
            fake = self.generator(latent)
        scores = self.critic(batch["image"]), self.critic(fake)
        yield "critic", {"adversarial": self.adversarial.discriminator(*scores)}
        for parameter in self.critic.parameters():
            # by way of `data`: to clip again what another micro-batch has clipped is no change to autograd
            parameter.data.clamp_(-self.clip, self.clip)
        if generator_steps:
            yield "generator", {"adversarial": self.adversarial.generator(self.critic(fake))}

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        return {"output": self.generator(latent)}
