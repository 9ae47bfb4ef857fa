"""Playing one batch: whose turn it is, gradients for that player alone, then its step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from adversaria.draws import seed_of
from adversaria.engine.errors import Diverged
from adversaria.games.game import Game, Losses, Turn
from adversaria.vocabulary import Batch

Groups = dict[tuple[str, ...], Losses]


@dataclass
class Taken:
    """A turn that was taken: losses by group of players, averaged over micro-batches and replicas."""

    losses: dict[tuple[str, ...], dict[str, Tensor]]


class Table:
    """Where a game is played: turns in lockstep over micro-batches.

    `step` makes a player's optimiser step; `average` averages that player's gradients over replicas;
    `mean` averages a vector over replicas. One autocast is opened for each turn, because autocast keeps
    low-precision copies of weights and must not outlive a step.
    """

    def __init__(
        self,
        game: Game,
        step: Callable[[str], None],
        average: Callable[[Sequence[Tensor]], None] = lambda gradients: None,
        mean: Callable[[Tensor], Tensor] = lambda values: values,
        precision: str = "fp32",
        seed: int = 0,
        replica: int = 0,
    ):
        self.game, self.step, self.average, self.mean = game, step, average, mean
        self.low = precision == "bf16"
        self.seed, self.replica = seed, replica
        self.parameters = {player: list(game.parameters_of(player).values()) for player in game.players}
        self.everyone = [p for group in self.parameters.values() for p in group]
        first = next(game.parameters(), None)
        self.device = first.device.type if first is not None else "cpu"
        self.finite = torch.ones((), dtype=torch.bool, device=self.device)
        self.generators = [torch.default_generator]
        if self.device == "cuda":
            self.generators.append(torch.cuda.default_generators[torch.cuda.current_device()])

    def play(self, batches: Sequence[Batch]) -> list[Taken]:
        """Play one batch given as micro-batches; each turn is one step of its players."""
        plays = [self.game.play(batch) for batch in batches]
        seen: Any = None
        taken: list[Taken] = []
        while True:
            said = [self.advance(play, seen, len(taken), micro) for micro, play in enumerate(plays)]
            if all(turn is None for turn in said):
                return taken
            turn = self.take([grouped(turn) for turn in said])
            taken.append(turn)
            seen = self.answer(turn, said[0])

    def advance(self, play: Any, seen: Any, turn: int, micro: int) -> Turn | None:
        """Let the game speak until its next turn, with dropout keyed by where it stands."""
        seed = seed_of("layers", self.seed, self.game.plays, turn, self.replica, micro)
        for generator in self.generators:
            generator.manual_seed(seed)
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.low):
            try:
                return play.send(seen)
            except StopIteration:
                return None

    def take(self, micros: list[Groups]) -> Taken:
        """Take all gradients of a turn, then let its players step."""
        if len({tuple((g, tuple(losses)) for g, losses in groups.items()) for groups in micros}) != 1:
            raise RuntimeError("micro-batches disagree about the turn: the turns may depend on `plays` only")
        names = list(micros[0])
        players = [player for group in names for player in group]
        if len(players) != len(set(players)):
            raise RuntimeError(f"a player has two turns at once: {players}")
        for groups in micros:
            for index, (group, losses) in enumerate(groups.items()):
                self.backward(group, losses, len(micros), retain=index + 1 < len(names))
        measured = self.measure(micros)
        for player in players:
            self.average([p.grad for p in self.parameters[player] if p.grad is not None])
        for player in players:
            self.step(player)
            increment_version(self.parameters[player])
        for parameter in self.everyone:
            parameter.grad = None
        return measured

    def backward(self, group: tuple[str, ...], losses: Losses, share: int, retain: bool) -> None:
        """Take the gradient of the sum for these players' parameters alone."""
        total = sum(losses.values())
        if not isinstance(total, Tensor) or not total.requires_grad:
            raise RuntimeError(f"the losses {list(losses)} do not depend on the player {'+'.join(group)}")
        if self.device != "cpu":
            self.finite &= torch.isfinite(total.detach())
        elif not torch.isfinite(total.detach()):
            self.blame(group, losses)
        inputs = [p for player in group for p in self.parameters[player]]
        (total / share if share > 1 else total).backward(inputs=inputs, retain_graph=retain)

    def blame(self, group: tuple[str, ...], losses: Mapping[str, Tensor]) -> None:
        """Name the first term that is not finite."""
        for term, value in losses.items():
            if not torch.isfinite(value.detach()):
                raise Diverged("+".join(group), term, self.game.plays)
        raise Diverged("+".join(group), "sum", self.game.plays)

    def check(self) -> None:
        """Raise Diverged if any loss since the start was not finite (read without waiting at each turn)."""
        if not bool(self.finite):
            raise Diverged("a player", "sum", self.game.plays)

    def measure(self, micros: list[Groups]) -> Taken:
        """Average each loss over micro-batches and replicas."""
        terms = [(group, term) for group, losses in micros[0].items() for term in losses]
        found = [[m[group][term].detach() for m in micros] for group, term in terms]
        # single precision at least: what a game sets from the losses it saw is as exact as the game
        kind = reduce(torch.promote_types, (v.dtype for values in found for v in values), torch.float32)
        each = [[v.to(kind) for v in values] for values in found]
        values = self.mean(torch.stack([torch.stack(e).mean() if len(e) > 1 else e[0] for e in each]))
        losses: dict[tuple[str, ...], dict[str, Tensor]] = {group: {} for group in micros[0]}
        for (group, term), value in zip(terms, values, strict=True):
            losses[group][term] = value
        return Taken(losses)

    @staticmethod
    def answer(turn: Taken, said: Turn | None) -> Any:
        """Give the game its losses in the form of its turn."""
        if isinstance(said, Mapping):
            return {group[0]: losses for group, losses in turn.losses.items()}
        return next(iter(turn.losses.values()))


def grouped(turn: Turn | None) -> Groups:
    """Bring both forms of a turn to groups of players with their losses."""
    if turn is None:
        raise RuntimeError("micro-batches disagree about the number of turns")
    if isinstance(turn, Mapping):
        return {(player,): losses for player, losses in turn.items()}
    player, losses = turn
    return {((player,) if isinstance(player, str) else tuple(player)): losses}
