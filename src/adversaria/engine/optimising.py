"""Real optimisers from what a paper states, and rates as pure functions of the play."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch

from adversaria.games.game import Game
from adversaria.games.optimisers import SGD, Adam, Optimiser, RMSprop
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Constant:
    """A constant rate."""

    def factor(self, done: float) -> float:
        """Give the factor on the rate after the fraction `done` of all plays."""
        return 1.0


@dataclass(frozen=True)
class LinearDecay:
    """A constant rate until the fraction `start` of all plays, then a straight fall to zero."""

    start: float = 0.5

    def factor(self, done: float) -> float:
        """Give the factor on the rate after the fraction `done` of all plays."""
        return 1.0 if done < self.start else max(0.0, (1.0 - done) / (1.0 - self.start))


Schedule = Constant | LinearDecay

_FUSED = ("cpu", "cuda")


def build(game: Game, stated: Mapping[str, Optimiser] | None = None) -> dict[str, torch.optim.Optimizer]:
    """Build an optimiser for each player: what is stated, else the paper's; fused where it can be."""
    stated = stated or {}
    unknown = set(stated) - set(game.players)
    if unknown:
        raise UserError(
            f"optimisers are given for {sorted(unknown)}, who do not play in {type(game).__name__}.",
            f"Its players are {sorted(game.players)}.",
        )
    return {
        player: _real(list(game.parameters_of(player).values()), stated.get(player, game.optimisers[player]))
        for player in game.players
    }


def _real(parameters: list[torch.nn.Parameter], stated: Optimiser) -> torch.optim.Optimizer:
    fused = all(p.device.type in _FUSED and p.is_floating_point() for p in parameters)
    match stated:
        case Adam():
            return torch.optim.Adam(parameters, **asdict(stated), fused=fused)
        case SGD():
            return torch.optim.SGD(parameters, **asdict(stated))
        case RMSprop():
            return torch.optim.RMSprop(parameters, **asdict(stated))


def set_rates(
    optimisers: Mapping[str, torch.optim.Optimizer],
    base: Mapping[str, float],
    schedule: Schedule,
    done: float,
) -> None:
    """Set every rate to its base times the schedule's factor."""
    factor = schedule.factor(done)
    for player, optimiser in optimisers.items():
        for group in optimiser.param_groups:
            group["lr"] = base[player] * factor
