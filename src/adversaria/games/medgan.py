"""Translation judged by features of its own discriminator and by style."""

from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Perceptual, StyleContent, Terms, Weighted
from adversaria.vocabulary import Batch


class MedGAN(Game):
    """Medical image translation with a non-adversarial look at features (Armanious et al. 2020, eq. 9).

    discriminator: 1/2 [-log D(y, x) - log(1 - D(G(x), x))], at every `generator_steps`-th play only (the paper: 3)
    generator:     -log D(G(x), x) + 20 sum_i ||D_i(G(x)) - D_i(y)||_1 + 1e-4 (style + content), at every play

    D_i are the discriminator's layers. The paper takes style and content from VGG-19; without its weights they are
    taken from the discriminator too: `terms: {style_content: !StyleContent {features: vgg19, weight: 1e-4}}` with
    `--weights vgg19=PATH` gives the paper's. Reads `source`, `target`, and whatever the terms name.
    """

    key = "medgan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms(
            {"perceptual": Weighted(Perceptual(power=1), 20.0), "style_content": Weighted(StyleContent(), 1e-4)}
        ),
        generator_steps: int = 3,
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.terms, self.generator_steps = adversarial, terms, generator_steps

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The generator turns `source` into `target`; the discriminator sees both."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target", "condition_channels": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """The discriminator at every `generator_steps`-th play, the generator at every one."""
        source, target = batch["source"], batch["target"]
        output = self.generator(source)
        if self.plays % self.generator_steps == 0:
            real, fake = self.discriminator(target, source), self.discriminator(output, source)
            yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake) / 2}
        score = self.adversarial.generator(self.discriminator(output, source))
        yield (
            "generator",
            {"adversarial": score, **self.terms(batch, output=output, discriminator=self.discriminator)},
        )

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`."""
        return {"output": self.generator(batch["source"])}
