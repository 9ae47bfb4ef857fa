"""Stain transfer with a task that must still be possible afterwards."""

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import EdgesKept, NonSaturating, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class StainTaskGAN(Game):
    """Adversarial stain transfer (BenTaieb and Hamarneh 2018): any stain to the reference's, with a task net in it.

    discriminator: 1/2 [l_D of D(y) and D(G(x))] + `task` CE(T(G(x)), label of x)
    generator:     l_G(D(G(x))) + 10 l_edge(G(x), x) + `task` CE(T(G(x)), label of x)

    D tells the reference stain from its imitation; T is a head on its trunk that names the `label` of the tissue.
    `terms` tie the translation `output` to its `source`, by default with weights at the edges. The paper's weights are
    not known to us: those here are ours. The discriminator gives a dictionary of `score` and `label`. Reads `source`
    with `label`, of any stain, and `target`, images of the reference stain. `forward` also gives the `posterior`.
    """

    key = "stain-task"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        task: float = 1.0,
        terms: Terms = Terms({"edges": Weighted(EdgesKept(), 10.0)}),
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.task, self.terms = adversarial, task, terms

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The discriminator sees stained images and names as many classes as there are."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target", "classes": "label"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator with the task, then generator with the task."""
        output = self.generator(batch["source"])
        made, real = self.discriminator(output), self.discriminator(batch["target"])
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(real, made) / 2,
                "task": self.named(made["label"], batch["label"]),
            },
        )
        made = self.discriminator(output)
        yield (
            "generator",
            {
                "adversarial": self.adversarial.generator(made),
                "task": self.named(made["label"], batch["label"]),
                **self.terms(batch, output=output),
            },
        )

    def named(self, logits: Tensor, label: Tensor) -> Tensor:
        """Weighted cross entropy of the task, in nats."""
        return self.task * cross_entropy(logits.float() if logits.dtype.itemsize < 4 else logits, label)

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` and name its class."""
        output = self.generator(batch["source"])
        return {"output": output, "posterior": self.discriminator(output)["label"].softmax(1)}
