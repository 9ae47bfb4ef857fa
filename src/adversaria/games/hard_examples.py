"""Rendered tissue brought to the look of real tissue, and a task network that learns from it on the fly."""

import torch
from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.games.pool import HistoryBuffer
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, SelfRegularisation, Terms, Weighted
from adversaria.vocabulary import Batch


class HardExampleGAN(Game):
    """Unsupervised histopathology synthesis (Hou et al. 2017): refiner R, local D, and a task network T.

    refiner:       l_G(D(R(x, y))) + ||R(x, y) - x||_1 - `hard` l_task(T(R(x, y)), mask of x)
    discriminator: 1/2 [l_D of D(y) and D(R(x, y)), half of these from a history]
    task:          l_task(T(R(x, y)), mask of x)

    x is rendered (`source`) with its `mask`, which costs nothing; y is real tissue (`target`), whose look is the
    reference. The refiner seeks examples that are hard for T. `terms` compare T's logits `output` with `mask`. The
    paper's weights are not known to us: 1 and `hard` 0.1 are ours. `forward` gives as `mask` what T finds in `source`,
    taken for real tissue, and as `output` the refined `source`, with `target` as its reference or, without one, itself.
    """

    key = "hard-examples"
    players = {"refiner": ("refiner",), "discriminator": ("discriminator",), "task": ("task",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        refiner: nn.Module,
        discriminator: nn.Module,
        task: nn.Module,
        target_shape: tuple[int, ...],
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        regularisation: float = 1.0,
        hard: float = 0.1,
        history: int = 512,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.refiner, self.discriminator, self.task, self.classes = refiner, discriminator, task, classes
        self.adversarial, self.terms, self.distance = adversarial, terms, SelfRegularisation()
        self.regularisation, self.hard = regularisation, hard
        self.history = HistoryBuffer(history, target_shape)

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int] | str]:
        """The refiner sees rendered and reference tissue."""
        return {
            "refiner": {"in_channels": "source+target", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target"},
            "task": {"in_channels": "target", "out_channels": classes, "size": "target"},
            "target_shape": "target",
        }

    def play(self, batch: Batch) -> Play:
        """Refiner, discriminator, task."""
        source, target = batch["source"], batch["target"]
        refined = self.refiner(source, target)
        found = self.terms(batch, "hard_", output=self.task(refined))
        yield (
            "refiner",
            {
                "adversarial": self.adversarial.generator(self.discriminator(refined)),
                "regularisation": self.regularisation * self.distance(refined, source),
                **{name: -self.hard * loss for name, loss in found.items()},
            },
        )
        fake = self.history.mix(refined, self.uniform(batch, "history", (2,)))
        score = self.discriminator(target), self.discriminator(fake)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(*score) / 2}
        yield "task", self.terms(batch, output=self.task(refined))

    def forward(self, batch: Batch) -> Batch:
        """Refine `source`, and give what the task network finds in it."""
        source = batch["source"]
        found = torch.softmax(self.task(source), 1)
        refined = self.refiner(source, batch.get("target", source))
        return {"output": refined, "posterior": found, "mask": found.argmax(1, keepdim=True)}
