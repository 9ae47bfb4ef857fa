"""A chain of reconstructions, each brought back to the measurement."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, translated
from adversaria.games.optimisers import Adam
from adversaria.losses import KSpace, Pixel, Terms, TotalVariation, Wasserstein, Weighted
from adversaria.vocabulary import Batch


class RefineGAN(Game):
    """RefineGAN (Quan et al. 2018, eq. 6-11): a chain of generators with data consistency, and one critic.

    x_k' = G_k(x_(k-1)),  x_k = x_k' with the measured samples of k-space put back
    critic:     max E f(x) - mean_k E f(x_k),   its parameters clipped to [-`clip`, `clip`] after each step
    generators: min mean_k [ -E f(x_k) + a |x - x_k|_1 + b |x - x_k'|_1 + c |M (F x - F x_k')|_1 + d TV(x_k') ]

    `after` holds a, `before` b, c and d; the defaults are what the released code comes to. The generator is a chain
    (`Consistent`), all of whose networks step together. Reads `source`, `target`, and the words of the acquisition.
    """

    key = "refine-gan"
    players = {"generator": ("generator",), "critic": ("critic",)}
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        clip: float = 0.01,
        after: Terms = Terms({"pixel": Weighted(Pixel(), 5.0)}),
        before: Terms = Terms(
            {
                "pixel": Weighted(Pixel(), 500.0),
                "k_space": Weighted(KSpace(power=1), 0.25),
                "total_variation": Weighted(TotalVariation(), 1e-4),
            }
        ),
    ):
        super().__init__()
        self.generator, self.critic, self.clip = generator, critic, clip
        self.after, self.before, self.adversarial = after, before, Wasserstein()

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """All networks work on images like `target`."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "critic": {"in_channels": "target", "size": "target"},
        }

    def steps(self, batch: Batch) -> list[tuple[Tensor, Tensor]]:
        """Each network's image before and after data consistency."""
        chain: Any = self.generator
        if not hasattr(chain, "steps"):
            made = translated(chain, batch["source"], batch)
            return [(made, made)]
        steps: list[tuple[Tensor, Tensor]] = chain.steps(
            batch["source"], measured={word: batch[word] for word in chain.reads if word in batch}
        )
        return steps

    def play(self, batch: Batch) -> Play:
        """The critic, its clipping, then all generators."""
        steps, target = self.steps(batch), batch["target"]
        fakes = [self.critic(after) for _, after in steps]
        real = self.critic(target)
        yield "critic", {"adversarial": mean([self.adversarial.discriminator(real, fake) for fake in fakes])}
        for parameter in self.critic.parameters():
            # by way of `data`: to clip again what another micro-batch has clipped is no change to autograd
            parameter.data.clamp_(-self.clip, self.clip)
        scores = [self.adversarial.generator(self.critic(after)) for _, after in steps]
        losses = {"adversarial": mean(scores)}
        for terms, prefix, place in ((self.after, "after_", 1), (self.before, "before_", 0)):
            found = [terms(batch, prefix, output=step[place]) for step in steps]
            losses |= {name: mean([each[name] for each in found]) for name in found[0]}
        yield "generator", losses

    def forward(self, batch: Batch) -> Batch:
        """Reconstruct `source`."""
        return {"output": self.steps(batch)[-1][1]}


def mean(values: list[Tensor]) -> Tensor:
    """The mean of several losses."""
    return torch.stack(values).mean()
