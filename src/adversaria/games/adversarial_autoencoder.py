"""The adversarial autoencoder."""

import torch
from torch import nn

from adversaria.games.game import Game, Play, shared_latent
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Pixel
from adversaria.vocabulary import Batch


class AdversarialAutoencoder(Game):
    """Adversarial autoencoder (Makhzani et al. 2016, section 2): codes are made to follow a prior by a judge of codes.

    reconstruction: min_{Enc,Dec} E |x - Dec(Enc(x))|^2 (mean over pixels)
    regularisation: max_D E log D(z) + E log(1 - D(Enc(x))), z ~ N(0, I);  then min_Enc -E log D(Enc(x))

    Three turns for each batch, in this order. The encoder is deterministic, and the discriminator judges codes
    (B, N). The rate is that of DCGAN. Reads `image`.
    """

    key = "adversarial-autoencoder"
    players = {"encoder": ("encoder",), "decoder": ("decoder",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(("encoder", "decoder", "discriminator"), Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        reconstruction: Pixel = Pixel(power=2),
    ):
        super().__init__()
        self.latent_shape = shared_latent(encoder, decoder)
        self.encoder, self.decoder, self.discriminator = encoder, decoder, discriminator
        self.adversarial, self.reconstruction = adversarial, reconstruction

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Encoder and decoder work on `image`, the discriminator on codes."""
        return {
            "encoder": {"in_channels": "image", "size": "image"},
            "decoder": {"out_channels": "image", "size": "image"},
            "discriminator": {},
        }

    def play(self, batch: Batch) -> Play:
        """Reconstruction phase, then regularisation phase."""
        image = batch["image"]
        restored = self.decoder(self.encoder(image))
        yield ("encoder", "decoder"), {"reconstruction": self.reconstruction(restored, image)}
        with torch.no_grad():
            code = self.encoder(image)
        prior = self.normal(batch, "latent", self.latent_shape)
        scores = self.discriminator(prior), self.discriminator(code)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(*scores)}
        yield "encoder", {"adversarial": self.adversarial.generator(self.discriminator(self.encoder(image)))}

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample; of `image`, if there is one, give the code and what it decodes to."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        made = {"output": self.decoder(latent)}
        if "image" in batch:
            made["code"] = self.encoder(batch["image"])
            made["restored"] = self.decoder(made["code"])
        return made
