"""A map drawn from a code, and an image drawn from the map, learned together."""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from adversaria.games.game import Game, Play, shared_latent
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Pixel
from adversaria.vocabulary import Batch


class ChainedSynthesis(Game):
    """End-to-end synthesis of label maps and images (Costa et al. 2018): an adversarial autoencoder of maps, a cGAN.

    m' = Dec(Enc(m)),  x' = G(m'),  z ~ N(0, I)

    code judge:    -log D_c(z) - log(1 - D_c(Enc(m)))
    image judge:   -log D_x(m, x) - log(1 - D_x(m', x'))
    all makers:    `weight` (BCE(m', m) + |x - x'|) - log D_x(m', x') - log D_c(Enc(m))

    The order of the turns and the weight of the map's reconstruction are ours: the paper's text could not be
    confirmed. Maps, -1 to 1, are compared by cross entropy, since the median of thin structures is no structure.
    `forward` draws a code and gives the image made from it as `output` and its map as `mask`. Reads `source` (the
    map, scaled) and `target`.
    """

    key = "chained-synthesis"
    given = ()
    players = {
        "makers": ("encoder", "decoder", "generator"),
        "code_discriminator": ("code_discriminator",),
        "discriminator": ("discriminator",),
    }
    optimisers = dict.fromkeys(("makers", "code_discriminator", "discriminator"), Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        generator: nn.Module,
        code_discriminator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        weight: float = 100.0,
    ):
        super().__init__()
        self.latent_shape = shared_latent(encoder, decoder)
        self.encoder, self.decoder, self.generator = encoder, decoder, generator
        self.code_discriminator, self.discriminator = code_discriminator, discriminator
        self.adversarial, self.weight, self.pixel = adversarial, weight, Pixel()

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Encoder and decoder work on the map, the generator goes from it to the image."""
        return {
            "encoder": {"in_channels": "source", "size": "source"},
            "decoder": {"out_channels": "source", "size": "source"},
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "code_discriminator": {},
            "discriminator": {"in_channels": "target", "condition_channels": "source", "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """Both judges, then all makers."""
        given, target = batch["source"], batch["target"]
        with torch.no_grad():
            code = self.encoder(given)
            restored = self.decoder(code)
            image = self.generator(restored)
        prior = self.normal(batch, "latent", self.latent_shape)
        scores = self.code_discriminator(prior), self.code_discriminator(code)
        yield "code_discriminator", {"adversarial": self.adversarial.discriminator(*scores)}
        scores = self.discriminator(target, given), self.discriminator(image, restored)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(*scores)}
        code = self.encoder(given)
        restored = self.decoder(code)
        image = self.generator(restored)
        yield (
            "makers",
            {
                "map": self.weight * self.miss(restored, given),
                "pixel": self.weight * self.pixel(image, target),
                "adversarial": self.adversarial.generator(self.discriminator(image, restored)),
                "code": self.adversarial.generator(self.code_discriminator(code)),
            },
        )

    @staticmethod
    def miss(restored: Tensor, given: Tensor) -> Tensor:
        """Binary cross entropy of maps on -1 to 1, in single precision at least."""
        made, wanted = (
            ((maps.to(torch.promote_types(maps.dtype, torch.float32)) + 1) / 2).clamp(0, 1)
            for maps in (restored, given)
        )
        return binary_cross_entropy(made, wanted)

    def forward(self, batch: Batch) -> Batch:
        """Draw codes, and make maps and images of them."""
        made = self.decoder(self.normal(batch, "latent", self.latent_shape))
        return {"output": self.generator(made), "mask": made}
