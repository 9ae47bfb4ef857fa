"""What every framework is: named players, and a rule of play.

`play` is a generator method. Each `yield` means "this player steps now, on the sum of these named
losses" and gives back that turn's losses as measured:

    seen = yield "discriminator", {"adversarial": ..., "penalty": ...}

A player may be a tuple of names (they step together on one sum). A turn may also be a dictionary
`{player: losses}`: each has losses of its own, all gradients are taken before anybody steps.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from adversaria.games.optimisers import Optimiser
from adversaria.vocabulary import Batch, UserError

Losses = Mapping[str, Tensor]
Turn = tuple[str | tuple[str, ...], Losses] | Mapping[str, Losses]
Play = Generator[Turn, Any, None]


class Game(nn.Module):
    """A framework of adversarial learning.

    `players` maps each player's name to the attributes that hold its networks. `optimisers` are the
    paper's. `given` are the words that `forward` needs where they are not `source` alone, or none; a game
    that draws from nothing although it learns from a `source` says (). A game that `segments` gives as
    `output` the probabilities of the classes of `mask`. `plays` counts the batches played before this one;
    the engine sets it, and every layer that has a `begin_play(plays)` is told then. The words that the game
    reads are found by a dry play, not declared.
    """

    key: ClassVar[str] = ""
    given: tuple[str, ...] | None = None
    segments: ClassVar[bool] = False
    players: ClassVar[Mapping[str, tuple[str, ...]]]
    optimisers: ClassVar[Mapping[str, Optimiser]]
    _plays: int = 0

    @property
    def plays(self) -> int:
        """How many batches were played before this one."""
        return self._plays

    @plays.setter
    def plays(self, plays: int) -> None:
        self._plays = plays
        for module in self.modules():
            begin = getattr(module, "begin_play", None)
            if begin is not None:
                begin(plays)

    def planned(self, plays: int) -> None:
        """Raise UserError, with a remedy, if a run of this many plays cannot end well."""

    def play(self, batch: Batch) -> Play:
        """Play one batch: yield the turns in the paper's order."""
        raise TypeError(f"{type(self).__name__} does not say how it is played")

    @classmethod
    def wiring(cls) -> dict[str, Any]:
        """Say which word of the batch sets the channels or size of each network.

        `{"generator": {"in_channels": "source"}}` sets an argument of a network; "source+target" counts the
        channels of both, and a number stands for itself;
        `{"pool_shape": "target"}` sets an argument of the game to the word's shape (C, *S).
        Arguments of `wiring` are arguments of the game that change it.
        """
        return {}

    def modules_of(self, player: str) -> list[nn.Module]:
        """List the networks of a player."""
        return [getattr(self, name) for name in self.players[player]]

    def parameters_of(self, player: str) -> dict[str, nn.Parameter]:
        """Name the parameters of a player, each once; those of frozen networks are nobody's."""
        found: dict[int, tuple[str, nn.Parameter]] = {}
        for attribute in self.players[player]:
            for name, parameter in getattr(self, attribute).named_parameters():
                if not getattr(parameter, "frozen", False):
                    found.setdefault(id(parameter), (f"{attribute}.{name}", parameter))
        return dict(found.values())

    @property
    def couples_samples(self) -> bool:
        """Tell whether one sample's result depends on the others of its batch (batch norm, pools)."""
        coupled = nn.modules.batchnorm._BatchNorm
        return any(isinstance(m, coupled) or getattr(m, "couples_samples", False) for m in self.children_all())

    def children_all(self) -> list[nn.Module]:
        """List every module below the game."""
        return [module for module in self.modules() if module is not self]

    @staticmethod
    def uniform(batch: Batch, name: str, shape: Sequence[int] = ()) -> Tensor:
        """Draw uniform numbers in (0, 1), shape (B, *shape), keyed by seed, play, slot and name."""
        drawn = torch.from_numpy(batch["draws"].uniform(name, shape)).to(like(batch))
        return drawn.clamp(max=1 - torch.finfo(drawn.dtype).eps / 2)  # rounding to fewer bits gives ones

    @staticmethod
    def normal(batch: Batch, name: str, shape: Sequence[int]) -> Tensor:
        """Draw standard normal numbers, shape (B, *shape), keyed by seed, play, slot and name."""
        return torch.special.ndtri(torch.from_numpy(batch["draws"].uniform(name, shape))).to(like(batch))


def translated(network: nn.Module, image: Tensor, batch: Batch) -> Tensor:
    """Call a translator; one that `reads` words of the acquisition (`measurement`, `sampling`) is given them."""
    words = getattr(network, "reads", ())
    made: Tensor = network(image, measured={w: batch[w] for w in words if w in batch}) if words else network(image)
    return made


def like(batch: Batch) -> Tensor:
    """Give a tensor whose device and dtype the draws of this batch take: its first of floats."""
    floats = (v for v in batch.values() if isinstance(v, Tensor) and v.is_floating_point())
    return next(floats, torch.empty(0))


def latent_shape_of(generator: nn.Module) -> tuple[int, ...]:
    """Give the shape (without the batch) of what a generator starts from; it must say so."""
    shape = getattr(generator, "latent_shape", None)
    if not isinstance(shape, tuple):
        raise TypeError(f"{type(generator).__name__} has no latent_shape: it is not a generator of images")
    return shape


def shared_latent(encoder: nn.Module, decoder: nn.Module) -> tuple[int, ...]:
    """Give the shape of the latent vector that a decoder takes; an encoder that says its own must give the same."""
    shape = latent_shape_of(decoder)
    given = getattr(encoder, "latent_shape", shape)
    if given != shape:
        raise UserError(
            f"the encoder gives {given[0]} numbers and the decoder takes {shape[0]}.",
            "Give both the same `latent`.",
        )
    return shape


def classes_of(network: nn.Module) -> int:
    """Give the number of classes that a network knows; it must say so."""
    classes = getattr(network, "classes", 0)
    if not isinstance(classes, int) or classes < 1:
        raise UserError(f"{type(network).__name__} knows no classes.", "Use a network with the argument `classes`.")
    return classes
