"""The loop: plays, rates, log rows, averages, checkpoints, and a stop that loses nothing."""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch

from adversaria.engine import checkpoint as saving
from adversaria.engine.averages import Averages
from adversaria.engine.compiling import compile_networks
from adversaria.engine.errors import Diverged, Stopped
from adversaria.engine.loading import Feed, batches
from adversaria.engine.log import Log, Row
from adversaria.engine.memory import keep_freed_memory
from adversaria.engine.optimising import Constant, Schedule, build, set_rates
from adversaria.engine.recompute import recomputing
from adversaria.engine.replicas import Replicas
from adversaria.engine.signals import listening
from adversaria.engine.state import (
    freeze,
    load_optimisers,
    load_state,
    optimiser_state,
    replica_buffers,
    trained_state,
)
from adversaria.engine.turns import Table, Taken
from adversaria.engine.watch import Watch
from adversaria.games.game import Game
from adversaria.games.optimisers import Optimiser
from adversaria.run import Run
from adversaria.vocabulary import UserError

Progress = Callable[[int, int], None]
Observe = Callable[["Training", int], "float | None"]


@dataclass
class Settings:
    """How a game is trained. `plays` counts batches; every other number counts plays too.

    `save_every` a checkpoint; `keep_every` one that is never removed; `log_every` of each player's own
    steps a log row. `better` says whether a larger or smaller validation value is the better one.
    """

    plays: int
    seed: int = 0
    accumulate: int = 1
    precision: str = "fp32"
    optimisers: Mapping[str, Optimiser] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Constant)
    average: Mapping[str, float] = field(default_factory=dict)
    workers: int = 0
    log_every: int = 10
    save_every: int = 500
    keep_every: int | None = None
    compile: bool = False
    better: str = "higher"


class Training:
    """One game in training in one run folder; it goes on from the newest whole checkpoint by itself.

    The game must already have all its parameters. `facts` (JSON) travel with every checkpoint. `observe` is
    called after every checkpoint with the averaged weights in place and may return a validation value;
    `progress` after every play.
    """

    def __init__(
        self,
        game: Game,
        feed: Feed,
        run: Run,
        settings: Settings,
        replicas: Replicas | None = None,
        observe: Observe = lambda training, plays: None,
        progress: Progress = lambda play, plays: None,
        say: Callable[[str], None] = warnings.warn,
        facts: Mapping[str, Any] | None = None,
    ):
        self.facts = dict(facts or {})
        self.game, self.feed, self.run, self.settings = game, feed, run, settings
        self.observe, self.progress, self.say = observe, progress, say
        self.replicas = replicas or Replicas(accelerator="cpu")
        self.replicas.share(feed.batch_size, settings.accumulate)
        game.planned(settings.plays)
        self.game.to(self.replicas.device)
        self.frozen = freeze(game)
        self.replicas.broadcast(game)
        self.optimisers = build(game, settings.optimisers)
        self.rates = {player: o.param_groups[0]["lr"] for player, o in self.optimisers.items()}
        self.averages = Averages(game, settings.average)
        self.steps = dict.fromkeys(game.players, 0)
        self.best: tuple[int, float] | None = None
        self.log, self.watch = Log(run.log), Watch(say)
        self.norms: dict[tuple[str, int], float] = {}
        self.table = Table(
            game,
            step=self.step,
            average=self.replicas.average,
            mean=self.replicas.mean,
            precision=settings.precision,
            seed=settings.seed,
            replica=self.replicas.rank,
        )
        self.done = self.resume()

    @property
    def leads(self) -> bool:
        """Whether this process writes the run folder."""
        return self.replicas.rank == 0

    def train(self) -> None:
        """Play until `plays`; raise Stopped when a signal asked for it, after saving."""
        settings, stack = self.settings, ExitStack()
        stream = batches(
            self.feed,
            settings.seed,
            self.done,
            settings.plays,
            self.replicas.rank,
            self.replicas.count,
            settings.accumulate,
            settings.workers,
            self.replicas.device,
        )
        with stack:
            request = stack.enter_context(listening())
            if self.replicas.device.type == "cpu":
                keep_freed_memory()
            if settings.compile:
                compile_networks(self.game)
            stack.enter_context(recomputing(self.game) if settings.accumulate > 1 else nullcontext())
            self.game.train()
            for micros in stream:
                self.play(micros)
                asked = self.asked(request.name)
                if self.done % settings.save_every == 0 or self.done == settings.plays or asked:
                    self.save()
                self.progress(self.done, settings.plays)
                if asked:
                    raise Stopped(f"stopped by {request.name or 'another process'} after {self.done} plays; saved")

    def asked(self, name: str) -> bool:
        """Whether a signal asked this or another process to stop."""
        if self.replicas.count == 1:
            return bool(name)
        return bool(self.replicas.mean(torch.tensor(float(bool(name)), device=self.replicas.device)))

    def play(self, micros: list[dict[str, Any]]) -> None:
        """Play one batch and log it."""
        self.game.plays = self.done
        set_rates(self.optimisers, self.rates, self.settings.schedule, self.done / self.settings.plays)
        taken = self.table.play(micros)
        self.record(taken)
        self.done += 1

    def step(self, player: str) -> None:
        """Step one player, and its average."""
        if self.steps[player] % self.settings.log_every == 0:
            grads = [p.grad for p in self.table.parameters[player] if p.grad is not None]
            self.norms[player, self.steps[player]] = float(torch.nn.utils.get_total_norm(grads)) if grads else 0.0
        self.optimisers[player].step()
        self.steps[player] += 1
        self.averages.update(player)

    def record(self, taken: list[Taken]) -> None:
        """Write the rows of every player whose turn to log it is, and look at them for trouble."""
        norms, self.norms = self.norms, {}
        if not self.leads:
            return
        moved = Counter(player for turn in taken for group in turn.losses for player in group)
        at = {player: self.steps[player] - count for player, count in moved.items()}
        rows = []
        for turn in taken:
            for group, losses in turn.losses.items():
                step = at[group[0]]
                if step % self.settings.log_every == 0:
                    name = "+".join(group)
                    rows += [Row(self.done, name, step, term, float(v)) for term, v in losses.items()]
                    norm = sum(norms.get((player, at[player]), 0.0) ** 2 for player in group) ** 0.5
                    rows.append(Row(self.done, name, step, "gradient_norm", norm))
                for player in group:
                    at[player] += 1
        for row in rows:
            if row.value != row.value or abs(row.value) == float("inf"):
                raise Diverged(row.player, row.term, row.play)
            self.watch.look(row)
        self.log.add(rows)

    def save(self) -> None:
        """Write a checkpoint, let the caller look at the averaged game, and forget old checkpoints."""
        self.table.check()
        self.replicas.agree(self.game)
        local = self.replicas.gather({n: b.detach() for n, b in replica_buffers(self.game).items()})
        value = None
        if self.leads:
            with self.averages.used():
                self.game.eval()
                value = self.observe(self, self.done)
                self.game.train()
            if value is not None and (self.best is None or self.beats(value)):
                self.best = (self.done, value)
            groups = {
                "game": trained_state(self.game),
                "optimisers": optimiser_state(self.game, self.optimisers),
                "averages": self.averages.state(),
                **{f"replica-{rank}": tensors for rank, tensors in enumerate(local) if tensors},
            }
            facts = {
                "steps": self.steps,
                "best": self.best,
                "frozen": self.frozen,
                "replicas": self.replicas.count,
                **self.facts,
            }
            saving.write(self.run.checkpoints, saving.Checkpoint(self.done, groups, facts))
            saving.prune(self.run.checkpoints, self.best[0] if self.best else None, self.settings.keep_every)
        self.replicas.barrier()

    def beats(self, value: float) -> bool:
        """Whether a validation value is better than the best so far."""
        assert self.best is not None
        return value > self.best[1] if self.settings.better == "higher" else value < self.best[1]

    def resume(self) -> int:
        """Go on from the newest whole checkpoint, or start."""
        if self.leads:
            self.run.create()
            saving.tidy(self.run.checkpoints)
        found = saving.newest(self.run.checkpoints, self.say)
        if found is not None:
            self.restore(found)
        plays = found.plays if found else 0
        if self.leads:
            self.log.cut(plays)
        return plays

    def restore(self, found: saving.Checkpoint) -> None:
        """Take weights, buffers, optimisers, averages and counts from a checkpoint."""
        if found.facts["frozen"] != self.frozen or set(found.facts["steps"]) != set(self.steps):
            raise UserError(
                f"the checkpoints in {self.run.checkpoints} belong to another game or other frozen networks.",
                "Use the recipe and weights that this run began with, or another --out folder.",
            )
        if found.facts["replicas"] != self.replicas.count and replica_buffers(self.game):
            raise UserError(
                f"this run began with {found.facts['replicas']} processes and has {self.replicas.count} now.",
                "Continue with the same number of processes: each keeps a pool of its own.",
            )
        state = {**found.tensors["game"], **found.tensors.get(f"replica-{self.replicas.rank}", {})}
        load_state(self.game, state)
        load_optimisers(self.game, self.optimisers, found.tensors["optimisers"])
        self.averages.restore(found.tensors.get("averages", {}))
        self.steps = dict(found.facts["steps"])
        self.best = tuple(found.facts["best"]) if found.facts["best"] else None
