"""Image-to-image translation with a conditional discriminator."""

import torch
from torch import nn

from adversaria.games.game import Game, Play, translated
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, NoPenalty, Objective, Penalty, Pixel, Terms, Weighted
from adversaria.vocabulary import Batch


class Pix2Pix(Game):
    """Image-to-image translation with conditional adversarial networks (Isola et al. 2017, eq. 4).

    discriminator: 1/2 [l_D of D(target, source) and D(G(source), source)]
    generator:     l_G(D(G(source), source)) + 100 ||target - G(source)||_1

    The discriminator's objective is halved (section 3.3 of the paper) and its penalty is not. With
    `conditional=False` it does not see the source. It steps at every play and the generator at every
    `critic_steps`-th; the paper has 1. `adversarial_weight` scales the generator's adversarial loss.
    Reads `source` and `target`, and whatever the terms name.
    """

    key = "pix2pix"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        penalty: Penalty = NoPenalty(),
        terms: Terms = Terms({"pixel": Weighted(Pixel(), 100.0)}),
        conditional: bool = True,
        critic_steps: int = 1,
        adversarial_weight: float = 1.0,
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.penalty, self.terms = adversarial, penalty, terms
        self.conditional, self.critic_steps = conditional, critic_steps
        self.adversarial_weight = adversarial_weight

    @classmethod
    def wiring(cls, conditional: bool = True) -> dict[str, dict[str, str]]:
        """The generator turns `source` into `target`; the discriminator may see both."""
        condition = {"condition_channels": "source"} if conditional else {}
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target", **condition},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator at every play, generator at every `critic_steps`-th."""
        source, target = batch["source"], batch["target"]
        given = source if self.conditional else None
        generator_steps = self.plays % self.critic_steps == self.critic_steps - 1
        with torch.set_grad_enabled(generator_steps):
            output = translated(self.generator, source, batch)
        real, fake = self.discriminator(target, given), self.discriminator(output, given)
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(real, fake) / 2,
                **self.penalty.at(self.plays)(
                    lambda x: self.discriminator(x, given), target, output, self.uniform(batch, "mix")
                ),
            },
        )
        if generator_steps:
            score = self.adversarial.generator(self.discriminator(output, given))
            yield (
                "generator",
                {
                    "adversarial": self.adversarial_weight * score,
                    **self.terms(batch, output=output, discriminator=self.discriminator),
                },
            )

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`."""
        return {"output": translated(self.generator, batch["source"], batch)}
