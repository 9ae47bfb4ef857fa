"""Adversarially learned inference."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, shared_latent
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class ALI(Game):
    """Adversarially learned inference (Dumoulin et al. 2017, eq. 3 and algorithm 1).

    min_G max_D  E_x log D(x, G_z(x)) + E_z log(1 - D(G_x(z), z)),   z ~ N(0, I)

    The encoder G_z is stochastic: it gives mean and log variance, and z is drawn by reparametrisation. Both
    generators step together and play with the labels swapped (the paper's algorithm), so each pays on both kinds
    of pairs. The discriminator is called with an image and a code as its condition. Reads `image`.
    """

    key = "ali"
    players = {"generators": ("encoder", "decoder"), "discriminator": ("discriminator",)}
    optimisers = {"generators": Adam(1e-4, (0.5, 0.999)), "discriminator": Adam(1e-4, (0.5, 0.999))}

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
    ):
        super().__init__()
        self.latent_shape = shared_latent(encoder, decoder)
        self.encoder, self.decoder, self.discriminator = encoder, decoder, discriminator
        self.adversarial = adversarial

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """All three networks work on `image`."""
        return {
            "encoder": {"in_channels": "image", "size": "image"},
            "decoder": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then encoder and decoder together, on the same pairs."""
        real, latent = batch["image"], self.prior(batch)
        code, fake = self.encode(batch, real), self.decoder(latent)
        encoded, decoded = self.discriminator(real, code), self.discriminator(fake, latent)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(encoded, decoded)}
        encoded, decoded = self.discriminator(real, code), self.discriminator(fake, latent)
        yield "generators", {"adversarial": self.adversarial.discriminator(decoded, encoded)}

    def prior(self, batch: Batch) -> Tensor:
        """Draw codes."""
        return self.normal(batch, "latent", self.latent_shape)

    def encode(self, batch: Batch, image: Tensor) -> Tensor:
        """Draw a code of each image."""
        mean, log_variance = self.encoder(image)
        return mean + torch.exp(log_variance / 2) * self.normal(batch, "posterior", self.latent_shape)

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample; of `image`, if there is one, give the code and what it decodes to."""
        latent = batch.get("latent")
        made = {"output": self.decoder(self.prior(batch) if latent is None else latent)}
        if "image" in batch:
            made["code"] = self.encode(batch, batch["image"])
            made["restored"] = self.decoder(made["code"])
        return made
