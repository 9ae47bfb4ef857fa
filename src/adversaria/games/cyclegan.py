"""Unpaired image-to-image translation by cycle consistency."""

from torch import Tensor, nn

from adversaria.games.game import Game, Play, translated
from adversaria.games.optimisers import Adam
from adversaria.games.pool import ImagePool
from adversaria.losses import (
    Cycle,
    LeastSquares,
    NoPenalty,
    Objective,
    Penalty,
    Pixel,
    SelfRegularisation,
    Terms,
)
from adversaria.vocabulary import Batch


class CycleGAN(Game):
    """Unpaired translation by cycle-consistent adversarial networks (Zhu et al. 2017, eq. 3).

    G: source -> target, F: target -> source, one discriminator for each domain.
    generators:     l_G(D_Y(G(x))) + l_G(D_X(F(y))) + 10 (||F(G(x)) - x||_1 + ||G(F(y)) - y||_1)
                    [+ identity (||G(y) - y||_1 + ||F(x) - x||_1)]
    discriminators: for each domain 1/2 [(D(real) - 1)^2 + D(fake from the pool)^2]

    The objective of the discriminators is halved, as in section 7.1 of the paper. `identity` (0: off; the paper
    uses 5 for some maps) needs equal channels. `terms` are taken in both directions: `output` is the
    translation, `source` what it came from. Further words of the batch (`mask`, `label`, `measurement`) belong to
    the source: terms that cannot do without them are taken forward alone. `penalty` is what each discriminator pays
    beside its objective, whole. With `paired` above 0 source and target show the same subject, and the translations
    are drawn to them by that weight (L1, both directions; You et al. 2020). Reads `source` and `target`, which need
    not show the same subject, and whatever the terms name.
    """

    key = "cyclegan"
    players = {
        "generators": ("generator", "reverse_generator"),
        "discriminators": ("source_discriminator", "target_discriminator"),
    }
    optimisers = {"generators": Adam(2e-4, (0.5, 0.999)), "discriminators": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        reverse_generator: nn.Module,
        target_discriminator: nn.Module,
        source_discriminator: nn.Module,
        source_shape: tuple[int, ...],
        target_shape: tuple[int, ...],
        adversarial: Objective = LeastSquares(scale=1.0),
        cycle: float = 10.0,
        identity: float = 0.0,
        pool: int = 50,
        terms: Terms = Terms({}),
        penalty: Penalty = NoPenalty(),
        paired: float = 0.0,
    ):
        super().__init__()
        self.generator, self.reverse_generator = generator, reverse_generator
        self.target_discriminator, self.source_discriminator = target_discriminator, source_discriminator
        self.adversarial, self.terms = adversarial, terms
        self.cycle, self.identity = Cycle(), SelfRegularisation()
        self.cycle_weight, self.identity_weight = cycle, identity
        self.penalty, self.paired, self.pixel = penalty, paired, Pixel()
        self.target_pool, self.source_pool = ImagePool(pool, target_shape), ImagePool(pool, source_shape)

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str] | str]:
        """Each generator and discriminator knows its two domains."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "reverse_generator": {"in_channels": "target", "out_channels": "source", "size": "target"},
            "target_discriminator": {"in_channels": "target", "size": "target"},
            "source_discriminator": {"in_channels": "source", "size": "source"},
            "source_shape": "source",
            "target_shape": "target",
        }

    def play(self, batch: Batch) -> Play:
        """Both generators together, then both discriminators on images from the pools."""
        fake_target = translated(self.generator, batch["source"], batch)
        fake_source = self.reverse_generator(batch["target"])
        yield "generators", self.generators(batch, fake_target, fake_source)
        yield "discriminators", self.discriminators(batch, fake_target, fake_source)

    def generators(self, batch: Batch, fake_target: Tensor, fake_source: Tensor) -> dict[str, Tensor]:
        """What both generators pay."""
        source, target = batch["source"], batch["target"]
        of_source = {word: value for word, value in batch.items() if word != "target"}
        return {
            "adversarial_target": self.adversarial.generator(self.look("target", fake_target)),
            "adversarial_source": self.adversarial.generator(self.look("source", fake_source)),
            "cycle_source": self.cycle_weight * self.cycle(self.reverse_generator(fake_target), source),
            "cycle_target": self.cycle_weight * self.cycle(self.generator(fake_source), target),
            **self.identities(source, target),
            **self.pairs(fake_source, source, fake_target, target),
            **self.terms(of_source, "forward_", output=fake_target, source=source),
            **self.both_ways()({}, "reverse_", output=fake_source, source=target),
        }

    def discriminators(self, batch: Batch, fake_target: Tensor, fake_source: Tensor) -> dict[str, Tensor]:
        """What both discriminators pay."""
        old_target = self.target_pool.query(fake_target, self.uniform(batch, "target pool", (2,)))
        old_source = self.source_pool.query(fake_source, self.uniform(batch, "source pool", (2,)))
        return {
            "target": self.domain("target", batch["target"], old_target),
            "source": self.domain("source", batch["source"], old_source),
            **self.paid(batch, "target", batch["target"], old_target),
            **self.paid(batch, "source", batch["source"], old_source),
        }

    def look(self, domain: str, image: Tensor) -> Tensor:
        """Score an image of a domain."""
        return getattr(self, f"{domain}_discriminator")(image)

    def domain(self, domain: str, real: Tensor, fake: Tensor) -> Tensor:
        """Score real against generated images of one domain."""
        return self.adversarial.discriminator(self.look(domain, real), self.look(domain, fake)) / 2

    def paid(self, batch: Batch, domain: str, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """What the discriminator of a domain pays beside its objective."""
        mix = self.uniform(batch, f"{domain} mix")
        found = self.penalty.at(self.plays)(lambda image: self.look(domain, image), real, fake, mix)
        return {f"{domain}_{name}": value for name, value in found.items()}

    def pairs(self, fake_source: Tensor, source: Tensor, fake_target: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Draw translations to the truth, if there are pairs."""
        if not self.paired:
            return {}
        return {
            "paired_target": self.paired * self.pixel(fake_target, target),
            "paired_source": self.paired * self.pixel(fake_source, source),
        }

    def both_ways(self) -> Terms:
        """The terms that need no more than an image and what it came from."""
        return self.terms.feedable({"output", "source"})

    def identities(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Ask each generator to leave its own output domain as it is, if `identity` is on."""
        if not self.identity_weight:
            return {}
        return {
            "identity_target": self.identity_weight * self.identity(self.generator(target), target),
            "identity_source": self.identity_weight * self.identity(self.reverse_generator(source), source),
        }

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` to the target domain."""
        return {"output": translated(self.generator, batch["source"], batch)}
