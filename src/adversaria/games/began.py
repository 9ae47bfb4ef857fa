"""The boundary-equilibrium GAN."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class BEGAN(Game):
    """Boundary-equilibrium GAN (Berthelot et al. 2017, section 3.4).

    L(v) = mean |v - D(v)|, z ~ U(-1, 1):
    discriminator: L(x) - k_t L(G(z))
    generator:     L(G(z))
    balance:       k_{t+1} = clip_[0,1](k_t + lambda_k (gamma L(x) - L(G(z)))),  k_0 = 0

    Both gradients are taken from one pass, as the paper's three lines stand. `gamma` (0.3 to 0.7 in the
    paper) trades diversity for quality. `k` and the paper's measure of convergence,
    L(x) + |gamma L(x) - L(G(z))|, are kept as buffers. The discriminator is an autoencoder that gives
    `restored`. Reads `image`.
    """

    key = "began"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(1e-4, (0.9, 0.999)), "discriminator": Adam(1e-4, (0.9, 0.999))}
    k: Tensor
    convergence: Tensor

    def __init__(self, generator: nn.Module, discriminator: nn.Module, gamma: float = 0.5, balance: float = 1e-3):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.discriminator = generator, discriminator
        self.gamma, self.balance = gamma, balance
        self.register_buffer("k", torch.zeros(()))
        self.register_buffer("convergence", torch.zeros(()))

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Both players at once, then the balance."""
        k = self.k.clone()
        fake = self.generator(self.latent(batch))
        real_loss, fake_loss = self.error(batch["image"]), self.error(fake)
        seen = yield {
            "discriminator": {"real": real_loss, "fake": -k * fake_loss},
            "generator": {"fake": fake_loss},
        }
        real_seen, fake_seen = seen["discriminator"]["real"].to(k), seen["generator"]["fake"].to(k)
        drift = self.gamma * real_seen - fake_seen
        self.k.copy_((k + self.balance * drift).clamp(0, 1))
        self.convergence.copy_(real_seen + drift.abs())

    def error(self, image: Tensor) -> Tensor:
        """Mean absolute error of the autoencoder."""
        return (self.discriminator(image)["restored"] - image).abs().mean()

    def latent(self, batch: Batch) -> Tensor:
        """Draw from U(-1, 1)."""
        return 2 * self.uniform(batch, "latent", self.latent_shape) - 1

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` (in (-1, 1)) if given, else from keyed draws."""
        latent = batch.get("latent")
        return {"output": self.generator(self.latent(batch) if latent is None else latent)}
