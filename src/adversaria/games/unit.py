"""Unpaired translation through a latent space that two domains share."""

from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Pixel
from adversaria.vocabulary import Batch


class UNIT(Game):
    """Unsupervised image-to-image translation networks (Liu et al. 2017, eq. 3-8).

    Encoders E_i, generators G_i, mu_i = E_i(x_i), z_i = mu_i + N(0, I), x_i->j = G_j(z_i):
    generators:     10 l_G(D_j(x_i->j)) + 0.1 KL(mu_i) + 100 ||G_i(z_i) - x_i||_1
                    + 0.1 KL(mu_i) + 0.1 KL(mu_i->j) + 100 ||G_i(E_j(x_i->j) + N(0, I)) - x_i||_1, both i
    discriminators: 10 l_D(D_i(x_i), D_i(x_j->i)), both i

    KL(mu) = mu^2 / 2, since the posterior has unit variance; it and the absolute errors are means over
    elements (the paper's likelihoods are sums: the normalisation is ours). `shared_encoder` and
    `shared_decoder` are the tied layers, one object for both domains. Reads `source` (domain 1) and `target`
    (domain 2), which need not show the same subject. `forward` translates the mean code, without noise.
    """

    key = "unit"
    players = {
        "generators": (
            "source_encoder", "target_encoder", "shared_encoder", "shared_decoder", "source_decoder", "target_decoder",
        ),
        "discriminators": ("source_discriminator", "target_discriminator"),
    }  # fmt: skip
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.5, 0.999)))

    def __init__(
        self,
        source_encoder: nn.Module,
        target_encoder: nn.Module,
        shared_encoder: nn.Module,
        shared_decoder: nn.Module,
        source_decoder: nn.Module,
        target_decoder: nn.Module,
        source_discriminator: nn.Module,
        target_discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 10.0,
        divergence: float = 0.1,
        likelihood: float = 100.0,
    ):
        super().__init__()
        self.source_encoder, self.target_encoder = source_encoder, target_encoder
        self.shared_encoder, self.shared_decoder = shared_encoder, shared_decoder
        self.source_decoder, self.target_decoder = source_decoder, target_decoder
        self.source_discriminator, self.target_discriminator = source_discriminator, target_discriminator
        self.adversarial, self.distance = adversarial, Pixel()
        self.adversarial_weight, self.divergence, self.likelihood = adversarial_weight, divergence, likelihood

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Encoders, decoders and discriminators of a domain know its channels."""
        return {
            "source_encoder": {"in_channels": "source"},
            "target_encoder": {"in_channels": "target"},
            "shared_encoder": {},
            "shared_decoder": {},
            "source_decoder": {"out_channels": "source"},
            "target_decoder": {"out_channels": "target"},
            "source_discriminator": {"in_channels": "source", "size": "source"},
            "target_discriminator": {"in_channels": "target", "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """Both discriminators on translations, then all encoders and generators."""
        source, target = batch["source"], batch["target"]
        source_mean, target_mean = self.encode(self.source_encoder, source), self.encode(self.target_encoder, target)
        source_code = self.noisy(batch, "source", source_mean)
        target_code = self.noisy(batch, "target", target_mean)
        fake_target = self.decode(self.target_decoder, source_code)
        fake_source = self.decode(self.source_decoder, target_code)
        yield (
            "discriminators",
            {
                "source": self.judged(self.source_discriminator, source, fake_source),
                "target": self.judged(self.target_discriminator, target, fake_target),
            },
        )
        back_target = self.encode(self.target_encoder, fake_target)
        back_source = self.encode(self.source_encoder, fake_source)
        restored_source = self.decode(self.source_decoder, self.noisy(batch, "source back", back_target))
        restored_target = self.decode(self.target_decoder, self.noisy(batch, "target back", back_source))
        yield (
            "generators",
            {
                "adversarial_target": self.fooling(self.target_discriminator, fake_target),
                "adversarial_source": self.fooling(self.source_discriminator, fake_source),
                **self.domain("source", source, source_code, source_mean, back_target, restored_source),
                **self.domain("target", target, target_code, target_mean, back_source, restored_target),
            },
        )

    def domain(
        self, name: str, image: Tensor, code: Tensor, mean: Tensor, back: Tensor, restored: Tensor
    ) -> dict[str, Tensor]:
        """The variational and cycle terms of one domain; the divergence of its own code counts twice."""
        rebuilt = self.decode(getattr(self, f"{name}_decoder"), code)
        return {
            f"rebuilt_{name}": self.likelihood * self.distance(rebuilt, image),
            f"cycle_{name}": self.likelihood * self.distance(restored, image),
            f"divergence_{name}": self.divergence * (2 * divergence(mean) + divergence(back)),
        }

    def judged(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """What a discriminator pays."""
        return self.adversarial_weight * self.adversarial.discriminator(discriminator(real), discriminator(fake))

    def fooling(self, discriminator: nn.Module, fake: Tensor) -> Tensor:
        """What the generators pay to a discriminator."""
        return self.adversarial_weight * self.adversarial.generator(discriminator(fake))

    def encode(self, encoder: nn.Module, image: Tensor) -> Tensor:
        """Give the mean code of an image."""
        return self.shared_encoder(encoder(image))

    def decode(self, decoder: nn.Module, code: Tensor) -> Tensor:
        """Give the image of a code in the decoder's domain."""
        return decoder(self.shared_decoder(code))

    def noisy(self, batch: Batch, name: str, mean: Tensor) -> Tensor:
        """Draw from the posterior N(mean, I)."""
        return mean + self.normal(batch, name, mean.shape[1:]).to(mean.dtype)

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` to the target domain."""
        return {"output": self.decode(self.target_decoder, self.encode(self.source_encoder, batch["source"]))}


def divergence(mean: Tensor) -> Tensor:
    """KL(N(mean, I) || N(0, I)), mean over elements."""
    return mean.square().mean() / 2
