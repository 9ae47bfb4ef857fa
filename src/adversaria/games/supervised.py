"""Ordinary supervised training: the baseline without an adversary."""

from torch import nn

from adversaria.games.game import Game, Play, translated
from adversaria.games.optimisers import Adam
from adversaria.losses import Pixel, Terms, Weighted
from adversaria.vocabulary import Batch


class Supervised(Game):
    """One player that learns `target` from `source` by fidelity terms alone.

    min_G  sum_k w_k term_k(G(source), target); by default the mean squared error.
    Reads `source` and `target`, or the words given as such, and whatever the terms name.
    """

    key = "supervised"
    players = {"generator": ("generator",)}
    optimisers = {"generator": Adam(2e-4, (0.9, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        terms: Terms = Terms({"pixel": Weighted(Pixel(power=2), 1.0)}),
        source: str = "source",
        target: str = "target",
    ):
        super().__init__()
        self.generator, self.terms, self.source, self.target = generator, terms, source, target
        # what it starts from is not the batch's source then, and whoever shows its answers must give that
        self.given = None if source == "source" else (source,)

    @classmethod
    def wiring(cls, source: str = "source", target: str = "target") -> dict[str, dict[str, str]]:
        """The generator turns `source` into `target`."""
        return {"generator": {"in_channels": source, "out_channels": target, "size": source}}

    def play(self, batch: Batch) -> Play:
        """One turn."""
        output = translated(self.generator, batch[self.source], batch)
        yield "generator", self.terms(batch, output=output, target=batch[self.target])

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`."""
        return {"output": translated(self.generator, batch[self.source], batch)}
