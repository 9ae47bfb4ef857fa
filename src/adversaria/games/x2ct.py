"""A volume from two orthogonal X-rays."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LeastSquares, Objective
from adversaria.losses.pixel import distance
from adversaria.physics.biplanar import Biplanar
from adversaria.vocabulary import Batch


class X2CT(Game):
    """X2CT-GAN: reconstructing CT from biplanar X-rays (Ying et al. 2019, eq. 3-6).

    y the volume, x its two projections, back(x) these repeated along their rays:
    discriminator: (D(y, back(x)) - 1)^2 + D(G(x), back(x))^2
    generator:     0.1 (D(G(x), back(x)) - 1)^2 + 10 mean (y - G(x))^2 + 10 mean over axes of |P_k y - P_k G(x)|_1

    P_k is the mean along axis k. The X-rays are projections of the `target`, as the paper makes its own from CT.
    `forward` takes them as `measurement` (B, 2 C, ...), else projects `source` or `target`.
    """

    key = "x2ct"
    given = ("target",)
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.99)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = LeastSquares(scale=1.0),
        adversarial_weight: float = 0.1,
        reconstruction: float = 10.0,
        projection: float = 10.0,
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.physics = adversarial, Biplanar()
        self.adversarial_weight, self.reconstruction, self.projection = adversarial_weight, reconstruction, projection

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The discriminator sees the volume and two back-projections."""
        return {
            "generator": {"out_channels": "target", "size": "target"},
            "discriminator": {"in_channels": "target", "condition_channels": "target+target", "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator."""
        target = batch["target"]
        views = self.physics.A(target)
        output, given = self.generator(views), self.physics.back(views)
        real, fake = self.discriminator(target, given), self.discriminator(output, given)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake)}
        score = self.adversarial.generator(self.discriminator(output, given))
        yield (
            "generator",
            {
                "adversarial": self.adversarial_weight * score,
                "reconstruction": self.reconstruction * distance(output, target, 2),
                "projection": self.projection * projected(output, target),
            },
        )

    def forward(self, batch: Batch) -> Batch:
        """Give the volume."""
        views = batch.get("measurement")
        if views is None:
            views = self.physics.A(batch["source"] if "source" in batch else batch["target"])
        return {"output": self.generator(views)}


def projected(first: Tensor, second: Tensor) -> Tensor:
    """Mean over axes of the absolute difference of the projections (means) along each."""
    return torch.stack([distance(first.mean(k), second.mean(k), 1) for k in range(2, first.ndim)]).mean()
