"""A variational autoencoder whose reconstruction error is measured in a discriminator's features."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import RMSprop
from adversaria.losses import LatentKL
from adversaria.vocabulary import Batch


class VAEGAN(Game):
    """Autoencoding beyond pixels using a learned similarity metric (Larsen et al. 2016, algorithm 1).

    With x~ = Dec(Enc(x)), x_p = Dec(z_p), z_p ~ N(0, I), and D_l a hidden layer of the discriminator:
    encoder:       KL(q(z|x) || N(0, I)) + 1/2 ||D_l(x) - D_l(x~)||^2
    decoder:       gamma 1/2 ||D_l(x) - D_l(x~)||^2 - log D(x~) - log D(x_p)
    discriminator: -log D(x) - log(1 - D(x~)) - log(1 - D(x_p))

    The error signals are not mixed: all three gradients are taken before anybody steps. Squared errors
    and the divergence are sums over entries, averaged over the batch, as the paper's likelihoods are;
    `gamma` weighs the sum against the adversarial score. The decoder takes the non-saturating form,
    the common practice. Reads `image`.
    """

    key = "vaegan"
    players = {"encoder": ("encoder",), "decoder": ("decoder",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(("encoder", "decoder", "discriminator"), RMSprop(3e-4, 0.9))

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        gamma: float = 1e-6,
        layer: int = -1,
    ):
        super().__init__()
        self.encoder, self.decoder, self.discriminator = encoder, decoder, discriminator
        self.gamma, self.layer, self.divergence = gamma, layer, LatentKL()

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """All three networks work on `image`."""
        return {
            "encoder": {"in_channels": "image", "size": "image"},
            "decoder": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """One turn in which each player has losses of its own."""
        real = batch["image"]
        mean, log_variance = self.encoder(real)
        latent = mean + torch.exp(log_variance / 2) * self.normal(batch, "posterior", mean.shape[1:])
        rebuilt = self.decoder(latent)
        drawn = self.decoder(self.normal(batch, "prior", mean.shape[1:]))
        similarity = self.similarity(real, rebuilt)
        real_score, rebuilt_score, drawn_score = (self.discriminator(x) for x in (real, rebuilt, drawn))
        yield {
            "encoder": {"divergence": self.divergence(mean, log_variance), "similarity": similarity},
            "decoder": {
                "similarity": self.gamma * similarity,
                "rebuilt": softplus(-rebuilt_score).mean(),
                "drawn": softplus(-drawn_score).mean(),
            },
            "discriminator": {
                "real": softplus(-real_score).mean(),
                "rebuilt": softplus(rebuilt_score).mean(),
                "drawn": softplus(drawn_score).mean(),
            },
        }

    def similarity(self, real: Tensor, rebuilt: Tensor) -> Tensor:
        """Half the squared distance in one layer of the discriminator, summed, averaged over the batch."""
        features: Any = self.discriminator.features
        wanted, found = (features(x)[self.layer] for x in (real, rebuilt))
        return 0.5 * (wanted - found).pow(2).flatten(1).sum(1).mean()

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "prior", latent_shape_of(self.decoder))
        return {"output": self.decoder(latent)}
