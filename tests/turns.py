"""Playing a game turn by turn by hand, and networks whose answers are known."""

import torch
from torch import nn

from playground import Discriminator, batch

LOG2 = 0.693147


class Zero(Discriminator):
    """At indifference, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0


class Half(Discriminator):
    """Says 0.5, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0 + 0.5


class Shift(nn.Module):
    """Adds a learned number, to the image or a multiple of it."""

    def __init__(self, by=0.0, factor=1.0):
        super().__init__()
        self.by, self.factor = nn.Parameter(torch.tensor(by)), factor

    def forward(self, image, condition=None):
        return self.factor * image + self.by


def values(losses):
    return {name: float(value.detach()) for name, value in losses.items()}


def total(losses):
    return sum(values(losses).values())


def turns(game, words=None, count=None):
    """The turns of one play as measured without steps: a list of (player, values)."""
    play, found, seen = game.play(words or batch()), [], None
    while True:
        try:
            turn = play.send(seen)
        except StopIteration:
            return found
        parts = [turn] if isinstance(turn, tuple) else list(turn.items())
        found += [(player, values(losses)) for player, losses in parts]
        seen = {} if isinstance(turn, tuple) else {p: {} for p in turn}


def gradient(loss, module):
    """Gradients of a loss for a module's parameters, zeros where there are none."""
    found = torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, retain_graph=True)
    return torch.cat([torch.zeros_like(p).flatten() if g is None else g.flatten()
                      for p, g in zip(module.parameters(), found, strict=True)])  # fmt: skip
