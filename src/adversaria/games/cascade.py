"""Two conditional GANs in series."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Pixel, Terms, Weighted
from adversaria.vocabulary import Batch


class CascadeCGAN(Game):
    """Cascade of conditional GANs with auto-context (as in Nie et al. 2018, section II-D).

    y1 = G1(x), y2 = G2(x, y1); for each stage k
    discriminator: -log D_k(y, x) - log(1 - D_k(y_k, x))
    generator:     -log D_k(y_k, x) + 100 ||y - y_k||_1

    `adversarial_weight` scales the generators' adversarial losses.
    The first stage aims at the word `intermediate`, by default `target` as the second does. It is trained alone
    for `first_plays` plays and then frozen, statistics of batch norm included, while the second is trained; with
    `first_plays` 0 both are trained together and the second's losses reach the first. With `conditional=False` the
    discriminators do not see the source, and the second stage may enlarge what it gets. Reads `source`, `target`.
    """

    key = "cascade-cgan"
    players = {
        "first": ("first",),
        "second": ("second",),
        "first_discriminator": ("first_discriminator",),
        "second_discriminator": ("second_discriminator",),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        first: nn.Module,
        second: nn.Module,
        first_discriminator: nn.Module,
        second_discriminator: nn.Module,
        first_plays: int = 0,
        intermediate: str = "target",
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms({"pixel": Weighted(Pixel(), 100.0)}),
        conditional: bool = True,
        adversarial_weight: float = 1.0,
    ):
        super().__init__()
        self.first, self.second = first, second
        self.first_discriminator, self.second_discriminator = first_discriminator, second_discriminator
        self.first_plays, self.intermediate = first_plays, intermediate
        self.adversarial, self.terms = adversarial, terms
        self.conditional, self.adversarial_weight = conditional, adversarial_weight

    @classmethod
    def wiring(cls, intermediate: str = "target", conditional: bool = True) -> dict[str, dict[str, str]]:
        """The second stage sees the source and what the first made; the discriminators may see the source."""
        judge = {"condition_channels": "source"} if conditional else {}
        return {
            "first": {"in_channels": "source", "out_channels": intermediate, "size": "source"},
            "second": {"in_channels": f"source+{intermediate}", "out_channels": "target", "size": "source"},
            "first_discriminator": {"in_channels": intermediate, "size": intermediate, **judge},
            "second_discriminator": {"in_channels": "target", "size": "target", **judge},
        }

    def play(self, batch: Batch) -> Play:
        """The first stage, the second on the frozen first, or both."""
        source, together = batch["source"], self.first_plays == 0
        truths = {"first": batch[self.intermediate], "second": batch["target"]}
        stages = ["first"] if self.plays < self.first_plays else ["first", "second"] if together else ["second"]
        self.first.train(self.training and "first" in stages)
        with torch.set_grad_enabled("first" in stages):
            made = {"first": self.first(source)}
        if "second" in stages:
            made["second"] = self.second(source, made["first"])
        yield {
            f"{stage}_discriminator": {
                "adversarial": self.adversarial.discriminator(
                    self.judged(stage, truths[stage], source), self.judged(stage, made[stage], source)
                )
            }
            for stage in stages
        }
        losses: dict[str, Tensor] = {}
        for stage in stages:
            score = self.adversarial.generator(self.judged(stage, made[stage], source))
            losses |= {f"{stage}_adversarial": self.adversarial_weight * score}
            losses |= self.fidelity(stage, batch, made[stage], truths[stage])
        yield tuple(stages), losses

    def fidelity(self, stage: str, batch: Batch, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The terms of a stage."""
        judge = getattr(self, f"{stage}_discriminator")
        return self.terms(batch, f"{stage}_", output=output, target=target, discriminator=judge)

    def judged(self, stage: str, image: Tensor, source: Tensor) -> Tensor:
        """Score an image of a stage, beside the source if it counts."""
        return getattr(self, f"{stage}_discriminator")(image, source if self.conditional else None)

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` through both stages."""
        return {"output": self.second(batch["source"], self.first(batch["source"]))}
