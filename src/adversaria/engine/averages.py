"""Running averages of a player's weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from adversaria.games.game import Game
from adversaria.vocabulary import UserError


class Averages:
    """Exponential averages per player: average <- decay average + (1 - decay) weight after each step.

    Buffers are not averaged: an averaged player uses the newest. Players without a decay are used as
    they are.
    """

    def __init__(self, game: Game, decays: Mapping[str, float]):
        unknown = set(decays) - set(game.players)
        if unknown:
            raise UserError(
                f"averages are asked for {sorted(unknown)}, who do not play in {type(game).__name__}.",
                f"Its players are {sorted(game.players)}.",
            )
        self.decays = dict(decays)
        self.live = {player: game.parameters_of(player) for player in decays}
        self.shadow = {
            player: {name: p.detach().clone() for name, p in named.items()} for player, named in self.live.items()
        }

    @torch.no_grad()
    def update(self, player: str) -> None:
        """Move the average of a player that has just stepped."""
        if player in self.decays:
            shadow, live = list(self.shadow[player].values()), [p.data for p in self.live[player].values()]
            torch._foreach_lerp_(shadow, live, 1.0 - self.decays[player])

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the averaged weights stand in for the live ones while the context is open."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the averaged weights and the live ones."""
        for player, shadow in self.shadow.items():
            for name, parameter in self.live[player].items():
                parameter.data, shadow[name] = shadow[name], parameter.data

    def state(self) -> dict[str, Tensor]:
        """List the averages as `player/name`."""
        return {f"{player}/{name}": t for player, shadow in self.shadow.items() for name, t in shadow.items()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take the averages from a checkpoint."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
