"""An adversarial refinement of a trained reconstruction."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, translated
from adversaria.games.optimisers import Adam
from adversaria.games.pool import ImagePool
from adversaria.losses import FeatureMatching, NonSaturating, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class Refinement(Game):
    """Adversarial refinement of a frozen reconstruction (Seitzer et al. 2018, eq. 2-5).

    y0 = base(x), trained before and held fixed;  y = y0 + s R(y0), s learned from 0
    discriminator: l_D(target, y from a pool of earlier ones)
    refiner:       1/2 l_G(D(y)) + terms(y) + 2 |R(y0)|_1

    `terms` are by default the matching of the discriminator's features; the paper adds 10 times the distance of
    VGG-19's. `base` is in no player: give it `!From {stage: 1, player: generator}`. Reads `source`, `target` and what
    the base reads; only the base is held to the measurement.
    """

    key = "refinement"
    players = {"refiner": ("refiner", "scale"), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        base: nn.Module,
        refiner: nn.Module,
        discriminator: nn.Module,
        shape: tuple[int, ...],
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms({"matching": Weighted(FeatureMatching(), 1.0)}),
        adversarial_weight: float = 0.5,
        size_weight: float = 2.0,
        pool: int = 80,
    ):
        super().__init__()
        self.base, self.refiner, self.discriminator = base, refiner, discriminator
        self.scale = Scale()
        self.adversarial, self.terms = adversarial, terms
        self.adversarial_weight, self.size_weight = adversarial_weight, size_weight
        self.pool = ImagePool(pool, shape)

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str] | str]:
        """The base turns `source` into `target`; the refiner adds to it."""
        return {
            "base": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "refiner": {"in_channels": "target", "out_channels": "target", "size": "target"},
            "discriminator": {"in_channels": "target", "size": "target"},
            "shape": "target",
        }

    def refined(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The refined image, and what was added before it was scaled."""
        self.base.eval()
        with torch.no_grad():
            begun = translated(self.base, batch["source"], batch)
        added = self.refiner(begun)
        return begun + self.scale(added), added

    def play(self, batch: Batch) -> Play:
        """The discriminator on images from the pool, then the refiner."""
        output, added = self.refined(batch)
        old = self.pool.query(output, self.uniform(batch, "pool", (2,)))
        real, fake = self.discriminator(batch["target"]), self.discriminator(old)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake)}
        score = self.adversarial.generator(self.discriminator(output))
        yield (
            "refiner",
            {
                "adversarial": self.adversarial_weight * score,
                **self.terms(batch, output=output, discriminator=self.discriminator),
                "size": self.size_weight * added.abs().mean(),
            },
        )

    def forward(self, batch: Batch) -> Batch:
        """Reconstruct `source` and refine it."""
        return {"output": self.refined(batch)[0]}


class Scale(nn.Module):
    """One number, learned from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.zeros(()))

    def forward(self, value: Tensor) -> Tensor:
        """Scale."""
        return self.factor * value
