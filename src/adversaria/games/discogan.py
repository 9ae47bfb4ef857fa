"""Unpaired translation that asks each direction to undo the other."""

from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import Cycle, NonSaturating, Objective
from adversaria.vocabulary import Batch


class DiscoGAN(Game):
    """Learning to discover cross-domain relations (Kim et al. 2017, eq. 3-8).

    G_AB: A -> B, G_BA: B -> A, d the mean squared error:
    generators:     -log D_B(G_AB(a)) - log D_A(G_BA(b)) + d(G_BA(G_AB(a)), a) + d(G_AB(G_BA(b)), b)
    discriminators: -log D_B(b) - log(1 - D_B(G_AB(a))) - log D_A(a) - log(1 - D_A(G_BA(b)))

    All weights are 1, as in the paper. The authors' code weighs otherwise: `adversarial_weight` 0.1 (1 - r),
    `matching` 0.9 (1 - r) and `cycle` r with r 0.01 at first and 0.5 later; `matching` weighs the squared
    distance between batch means of the discriminators' features, summed over layers. A is `source`, B is
    `target`; they need not show the same subject.
    """

    key = "discogan"
    players = {
        "generators": ("generator", "reverse_generator"),
        "discriminators": ("source_discriminator", "target_discriminator"),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999), 1e-4))

    def __init__(
        self,
        generator: nn.Module,
        reverse_generator: nn.Module,
        target_discriminator: nn.Module,
        source_discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 1.0,
        cycle: float = 1.0,
        matching: float = 0.0,
    ):
        super().__init__()
        self.generator, self.reverse_generator = generator, reverse_generator
        self.target_discriminator, self.source_discriminator = target_discriminator, source_discriminator
        self.adversarial, self.distance = adversarial, Cycle(power=2)
        self.adversarial_weight, self.cycle, self.matching = adversarial_weight, cycle, matching

    @property
    def couples_samples(self) -> bool:
        """Feature matching compares batch means."""
        return self.matching > 0 or super().couples_samples

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Each generator and discriminator knows its two domains."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "reverse_generator": {"in_channels": "target", "out_channels": "source", "size": "target"},
            "target_discriminator": {"in_channels": "target", "size": "target"},
            "source_discriminator": {"in_channels": "source", "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Both discriminators, then both generators, on the same translations."""
        source, target = batch["source"], batch["target"]
        fake_target, fake_source = self.generator(source), self.reverse_generator(target)
        yield (
            "discriminators",
            {
                "target": self.domain(self.target_discriminator, target, fake_target),
                "source": self.domain(self.source_discriminator, source, fake_source),
            },
        )
        restored_source, restored_target = self.reverse_generator(fake_target), self.generator(fake_source)
        yield (
            "generators",
            {
                **self.fooling("target", self.target_discriminator, target, fake_target),
                **self.fooling("source", self.source_discriminator, source, fake_source),
                "cycle_source": self.cycle * self.distance(restored_source, source),
                "cycle_target": self.cycle * self.distance(restored_target, target),
            },
        )

    def domain(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Score real against generated images of one domain."""
        return self.adversarial.discriminator(discriminator(real), discriminator(fake))

    def fooling(self, name: str, discriminator: nn.Module, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """What a generator pays in one domain."""
        losses = {f"adversarial_{name}": self.adversarial_weight * self.adversarial.generator(discriminator(fake))}
        if self.matching:
            look = discriminator.features
            pairs = zip(look(real), look(fake), strict=True)  # type: ignore[operator]
            apart = [(r.mean(0) - f.mean(0)).square().mean() for r, f in pairs]
            losses[f"matching_{name}"] = self.matching * sum(apart)
        return losses

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` to the target domain."""
        return {"output": self.generator(batch["source"])}
