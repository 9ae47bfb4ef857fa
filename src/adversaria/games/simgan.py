"""Making simulated images look real without changing what they show."""

import torch
from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import SGD
from adversaria.games.pool import HistoryBuffer
from adversaria.losses import NonSaturating, Objective, SelfRegularisation
from adversaria.vocabulary import Batch


class SimGAN(Game):
    """Learning from simulated and unsupervised images (Shrivastava et al. 2017, eq. 1-4, algorithm 1).

    refiner:       -log(1 - D(R(x))) over patches + lambda ||psi(R(x)) - psi(x)||_1   (D: probability of refined)
    discriminator: -log D(R(x)) - log(1 - D(y)) over patches, half of the refined images from a history

    x are simulated (`source`), y real (`target`), unpaired. The refiner alone first learns `refiner_plays` on the
    second term, then the discriminator alone `discriminator_plays`; then `refiner_steps` plays of the refiner
    alternate with one of the discriminator, each on fresh images. `psi` is a network without learned weights, by
    default none. Losses are means over the patches. The numbers of plays and lambda (`regularisation`) depend on
    the data in the paper; ours are a start.
    """

    key = "simgan-refiner"
    players = {"refiner": ("refiner",), "discriminator": ("discriminator",)}
    optimisers = {"refiner": SGD(1e-3), "discriminator": SGD(1e-3)}

    def __init__(
        self,
        refiner: nn.Module,
        discriminator: nn.Module,
        target_shape: tuple[int, ...],
        regularisation: float = 0.5,
        psi: nn.Module | None = None,
        adversarial: Objective = NonSaturating(),
        refiner_plays: int = 500,
        discriminator_plays: int = 200,
        refiner_steps: int = 2,
        history: int = 512,
    ):
        super().__init__()
        self.refiner, self.discriminator, self.psi = refiner, discriminator, psi or nn.Identity()
        self.adversarial, self.regularisation, self.distance = adversarial, regularisation, SelfRegularisation()
        self.refiner_plays, self.discriminator_plays = refiner_plays, discriminator_plays
        self.refiner_steps, self.history = refiner_steps, HistoryBuffer(history, target_shape)

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str] | str]:
        """Refined images have the channels of real ones."""
        return {
            "refiner": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target"},
            "target_shape": "target",
        }

    def play(self, batch: Batch) -> Play:
        """One step of whoever's turn the number of plays says it is."""
        late = self.plays - self.refiner_plays - self.discriminator_plays
        turn = late >= 0 and late % (self.refiner_steps + 1) < self.refiner_steps
        refines = turn or self.plays < self.refiner_plays
        source = batch["source"]
        with torch.set_grad_enabled(refines):
            refined = self.refiner(source)
        if refines:
            losses = {
                "regularisation": self.regularisation * self.distance(self.psi(refined), self.psi(source)),
            }
            if late >= 0:
                losses["adversarial"] = self.adversarial.generator(self.discriminator(refined))
            yield "refiner", losses
        else:
            fake = self.history.mix(refined, self.uniform(batch, "history", (2,)))
            score = self.discriminator(batch["target"]), self.discriminator(fake)
            yield "discriminator", {"adversarial": self.adversarial.discriminator(*score)}

    def forward(self, batch: Batch) -> Batch:
        """Refine `source`."""
        return {"output": self.refiner(batch["source"])}
