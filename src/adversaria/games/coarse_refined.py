"""A regression first, then a conditional GAN that refines it."""

import torch
from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import BrightBalanced, NonSaturating, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class CoarseRefinedGAN(Game):
    """FCN and cGAN for virtual PET (Ben-Cohen et al. 2018): y1 = C(x), y2 = G(x, y1).

    first:         min_C l(C(x), y)    for `coarse_plays` plays; C is frozen then
    discriminator: 1/2 [l_D of D(y, x) and D(y2, x)]
    generator:     l_G(D(y2, x)) + 100 l(y2, y)

    l is by default the absolute error in which bright voxels, where uptake is high, count as much in all as the others;
    `coarse_terms` are C's, `terms` G's. `forward` blends both, `blend` y2 + (1 - blend) y1; how the paper blends could
    not be confirmed, and one half is ours. Reads `source` and `target`.
    """

    key = "fcn-cgan"
    players = {"coarse": ("coarse",), "generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        coarse: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        coarse_plays: int = 10_000,
        blend: float = 0.5,
        adversarial: Objective = NonSaturating(),
        coarse_terms: Terms = Terms({"bright": Weighted(BrightBalanced(), 1.0)}),
        terms: Terms = Terms({"bright": Weighted(BrightBalanced(), 100.0)}),
    ):
        super().__init__()
        self.coarse, self.generator, self.discriminator = coarse, generator, discriminator
        self.coarse_plays, self.blend, self.adversarial = coarse_plays, blend, adversarial
        self.coarse_terms, self.terms = coarse_terms, terms

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The second network sees the source and what the first made."""
        return {
            "coarse": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "generator": {"in_channels": "source+target", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "condition_channels": "source", "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """The regression alone at first; then the conditional GAN on it."""
        source, learns = batch["source"], self.plays < self.coarse_plays
        self.coarse.train(self.training and learns)
        with torch.set_grad_enabled(learns):
            coarse = self.coarse(source)
        if learns:
            yield "coarse", self.coarse_terms(batch, output=coarse)
            return
        output = self.generator(source, coarse)
        score = self.discriminator(batch["target"], source), self.discriminator(output, source)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(*score) / 2}
        yield (
            "generator",
            {
                "adversarial": self.adversarial.generator(self.discriminator(output, source)),
                **self.terms(batch, output=output, discriminator=self.discriminator),
            },
        )

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` by both and blend."""
        coarse = self.coarse(batch["source"])
        return {"output": torch.lerp(coarse, self.generator(batch["source"], coarse), self.blend)}
