"""The progressively growing GAN."""

from typing import Any

from torch import nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import GradientPenalty, Penalty, Wasserstein
from adversaria.vocabulary import Batch, UserError


class PGGAN(Game):
    """Progressive growing of GANs (Karras et al. 2018, sections 2 and 3, appendix A.1).

    critic:     E f(G(z)) - E f(x) + lambda E_xhat (||grad f(xhat)||_2 - 1)^2 + 0.001 E f(x)^2
    generator: -E f(G(z))

    Images start at 4 pixels a side, or as the networks say. After `phase` plays each further doubling fades in over
    `phase` plays, its share alpha rising linearly from 0 to 1, and settles over as many; real images are faded alike.
    How far the networks have grown is a buffer of theirs and a function of `plays` alone. The paper shows 800,000
    images a phase: 50,000 plays of its 16. The last size is that of the data. Both networks must grow. Reads `image`.
    """

    key = "pggan"
    players = {"generator": ("generator",), "critic": ("critic",)}
    optimisers = {"generator": Adam(1e-3, (0.0, 0.99)), "critic": Adam(1e-3, (0.0, 0.99))}

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        penalty: Penalty = GradientPenalty(),
        drift: float = 1e-3,
        phase: int = 50_000,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator: Any = generator
        self.critic: Any = critic
        self.adversarial, self.penalty, self.drift, self.phase = Wasserstein(), penalty, drift, phase

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "critic": {"in_channels": "image", "size": "image"},
        }

    def planned(self, plays: int) -> None:
        """Refuse a run that ends before the networks have grown."""
        enough_to_grow(plays, self.phase, self.generator.levels, smallest=self.generator.smallest)

    def play(self, batch: Batch) -> Play:
        """Critic, then generator, at the size that this play has reached."""
        growth = growth_at(self.plays, self.phase, self.generator.levels)
        self.generator.grow(growth), self.critic.grow(growth)
        real = self.critic.faded(batch["image"])
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        score = self.critic(real)
        yield (
            "critic",
            {
                "adversarial": self.adversarial.discriminator(score, self.critic(fake)),
                **self.penalty.at(self.plays)(self.critic, real, fake, self.uniform(batch, "mix")),
                "drift": self.drift * score.float().square().mean(),
            },
        )
        yield "generator", {"adversarial": self.adversarial.generator(self.critic(fake))}

    def forward(self, batch: Batch) -> Batch:
        """Make one image of full size for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        return {"output": self.generator.enlarged(self.generator(latent))}


def growth_at(plays: int, phase: int, levels: int, start: int = 0) -> float:
    """How many doublings are in use after `plays`: each fades in over one phase and settles over the next.

    The first phase settles at `start` doublings; `levels` are never exceeded.
    """
    faded, rest = divmod(max(0, plays - phase), 2 * phase)
    return float(min(levels, start + faded + min(1.0, rest / phase)))


def enough_to_grow(plays: int, phase: int, levels: int, start: int = 0, smallest: int = 4) -> None:
    """Refuse fewer plays than it takes to fade in the last doubling."""
    needed = 1 + 2 * (levels - start) * phase
    if growth_at(plays - 1, phase, levels, start) < levels:
        side = int(smallest * 2 ** growth_at(plays - 1, phase, levels, start))
        shorter = max(1, (plays - 1) // (2 * (levels - start)))
        raise UserError(
            f"{plays} plays in phases of {phase} end at images of about {side} pixels a side, "
            f"not {smallest * 2**levels}.",
            f"Train for {needed} plays or more, or shorten the phases: --set game.phase={shorter}",
        )
