"""The generative adversarial network that estimates any f-divergence."""

from torch import nn

from adversaria.games.game import Play
from adversaria.games.gan import GAN
from adversaria.losses import FDivergence, KullbackLeibler, NoPenalty, Penalty
from adversaria.vocabulary import Batch


class FGAN(GAN):
    """f-GAN (Nowozin et al. 2016, eq. 6 and algorithm 1).

    min_G max_V  F = E_x g_f(V(x)) - E_z f*(g_f(V(G(z))))

    The single-step method: both gradients are taken from one pass, then both players step. By default the
    generator takes the paper's surrogate, max_G E_z g_f(V(G(z))). V is called `discriminator`. Minus its
    loss bounds the divergence from below. Reads `image`.

    The paper has no penalty. On a ring of eight modes only Pearson found all in every seed without one; R1 of weight
    1, tried with KL, reverse KL, Hellinger and total variation, brought back all for each (benchmarks/MODES.md).
    """

    key = "f-gan"

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        divergence: FDivergence = KullbackLeibler(),
        penalty: Penalty = NoPenalty(),
    ):
        super().__init__(generator, discriminator, divergence, penalty)
        self.divergence = divergence

    def play(self, batch: Batch) -> Play:
        """Both players at once."""
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        real_score, fake_score = self.discriminator(batch["image"]), self.discriminator(fake)
        penalty, mix = self.penalty.at(self.plays), self.uniform(batch, "mix")
        yield {
            "discriminator": {
                "bound": self.divergence.discriminator(real_score, fake_score),
                **penalty(self.discriminator, batch["image"], fake, mix),
            },
            "generator": {"bound": self.divergence.generator(fake_score)},
        }
