"""Translation learned from pairs and from unpaired images at once."""

from torch import Tensor, nn

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LeastSquares, NonSaturating, Objective
from adversaria.vocabulary import Batch


class MixedPairsGAN(CycleGAN):
    """MR-GAN (Jin et al. 2018a): CycleGAN on unpaired images and, in turn, a conditional GAN on pairs, both ways.

    unpaired:  generators and discriminators of CycleGAN, real label 0.9
    paired:    l_G(D_Y(G(x), x)) + l_G(D_X(F(y), y)) + 100 (||G(x) - y||_1 + ||F(y) - x||_1) [+ `paired_cycle` cycle]
               then for each domain 1/2 [l_D of D(real, other) and D(fake, other)], binary cross entropy

    Each discriminator scores an image alone, or beside its partner (the condition), through ends of their own around
    one trunk: `TwoStemPatchGAN`. The abstract speaks of cycles on pairs too, which the authors' code lacks: hence
    `paired_cycle` 0. Reads `source` and `target`, unpaired, and `paired_source` and `paired_target`.
    """

    key = "mr-gan"

    optimisers = {"generators": Adam(2e-4, (0.5, 0.999)), "discriminators": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        reverse_generator: nn.Module,
        target_discriminator: nn.Module,
        source_discriminator: nn.Module,
        source_shape: tuple[int, ...],
        target_shape: tuple[int, ...],
        adversarial: Objective = LeastSquares(scale=1.0, real_label=0.9, fooled_label=0.9),
        paired_adversarial: Objective = NonSaturating(),
        cycle: float = 10.0,
        pixel: float = 100.0,
        paired_cycle: float = 0.0,
        pool: int = 50,
    ):
        networks = generator, reverse_generator, target_discriminator, source_discriminator
        super().__init__(*networks, source_shape, target_shape, adversarial=adversarial, cycle=cycle, pool=pool)
        self.paired_adversarial = paired_adversarial
        self.pixel_weight, self.paired_cycle = pixel, paired_cycle

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str] | str]:
        """Each discriminator has a second stem for an image beside its partner."""
        wires = CycleGAN.wiring()
        for name, other in (("target_discriminator", "source"), ("source_discriminator", "target")):
            part = wires[name]
            assert isinstance(part, dict)
            wires[name] = {**part, "condition_channels": other}
        return wires

    def play(self, batch: Batch) -> Play:
        """Unpaired generators and discriminators, then paired ones."""
        fake_target, fake_source = self.generator(batch["source"]), self.reverse_generator(batch["target"])
        yield "generators", self.generators(batch, fake_target, fake_source)
        yield "discriminators", self.discriminators(batch, fake_target, fake_source)
        source, target = batch["paired_source"], batch["paired_target"]
        made_target, made_source = self.generator(source), self.reverse_generator(target)
        yield (
            "generators",
            {
                "paired_target": self.paired_adversarial.generator(self.target_discriminator(made_target, source)),
                "paired_source": self.paired_adversarial.generator(self.source_discriminator(made_source, target)),
                "pixel_target": self.pixel_weight * self.pixel(made_target, target),
                "pixel_source": self.pixel_weight * self.pixel(made_source, source),
                **self.cycles(source, target, made_target, made_source),
            },
        )
        yield (
            "discriminators",
            {
                "paired_target": self.judged(self.target_discriminator, target, made_target, source),
                "paired_source": self.judged(self.source_discriminator, source, made_source, target),
            },
        )

    def cycles(self, source: Tensor, target: Tensor, made_target: Tensor, made_source: Tensor) -> dict[str, Tensor]:
        """The cycles of a pair, if they count."""
        if not self.paired_cycle:
            return {}
        return {
            "paired_cycle_source": self.paired_cycle * self.cycle(self.reverse_generator(made_target), source),
            "paired_cycle_target": self.paired_cycle * self.cycle(self.generator(made_source), target),
        }

    def judged(self, discriminator: nn.Module, real: Tensor, fake: Tensor, given: Tensor) -> Tensor:
        """What a discriminator of pairs pays."""
        return self.paired_adversarial.discriminator(discriminator(real, given), discriminator(fake, given)) / 2
