"""Super-resolution with an adversary."""

from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, NoPenalty, Objective, Penalty, Pixel, Terms, Weighted
from adversaria.losses.pixel import distance
from adversaria.vocabulary import Batch


class SRGAN(Game):
    """Photo-realistic single image super-resolution (Ledig et al. 2017, eq. 2-6).

    discriminator: -log D(x_HR) - log(1 - D(G(x_LR)))
    generator:     content(G(x_LR), x_HR) - 0.001 log D(G(x_LR)); for the first `pretraining` plays the mean squared
                   error alone (SRResNet), or with `pretraining_power` 1 the mean absolute one

    `source` is the small image and `target` the large one; the generator gives the target's size. `terms` are the
    content. By default it is the squared error, the paper's SRGAN-MSE; its SRGAN-VGG54 needs trained weights:
    `terms: {content: !Perceptual {features: vgg19, weight: 0.006}}` with `--weights vgg19=PATH`, where 0.006 is the
    square of the paper's scale of features, 1/12.75. Rates are those of the first half; the paper ends at 1e-5.
    `penalty` is what the discriminator pays beside its objective; the paper has none.
    """

    key = "srgan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.9, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 1e-3,
        terms: Terms = Terms({"content": Weighted(Pixel(power=2), 1.0)}),
        pretraining: int = 1_000_000,
        pretraining_power: int = 2,
        penalty: Penalty = NoPenalty(),
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.terms = adversarial, terms
        self.adversarial_weight, self.pretraining = adversarial_weight, pretraining
        self.pretraining_power, self.penalty = pretraining_power, penalty

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The generator enlarges `source`; the discriminator sees large images."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target"},
            "discriminator": {"in_channels": "target", "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """The generator alone at first; then discriminator and generator."""
        target, output = batch["target"], self.generator(batch["source"])
        if self.plays < self.pretraining:
            yield "generator", {"pretraining": distance(output, target, self.pretraining_power)}
            return
        real, fake = self.discriminator(target), self.discriminator(output)
        penalty = self.penalty.at(self.plays)(self.discriminator, target, output, self.uniform(batch, "mix"))
        yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake), **penalty}
        score = self.adversarial.generator(self.discriminator(output))
        yield (
            "generator",
            {
                "adversarial": self.adversarial_weight * score,
                **self.terms(batch, output=output, discriminator=self.discriminator),
            },
        )

    def forward(self, batch: Batch) -> Batch:
        """Enlarge `source`."""
        return {"output": self.generator(batch["source"])}
