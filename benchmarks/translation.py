"""What translation, conditional and multi-stage games learn in half a minute on phantoms, each at its own purpose.

`python -m benchmarks.translation [NAME ...]` plays each game for at most 30 CPU seconds at one thread on phantom
subjects, and measures it on others beside trivial baselines. A row is made again only if it is named. Sizes are
reduced, so a row says where a game stands after half a minute, not how good its paper is. One seed a row, so no
interval; `better than all` means in this one run. Rows go to `translation.json` and `PURPOSES.md`.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from adversaria.data.intensity import Percentile, Window
from adversaria.data.phantoms import Phantom
from adversaria.draws import Draws, order, stream
from adversaria.engine.averages import Averages
from adversaria.engine.optimising import build
from adversaria.engine.turns import Table
from adversaria.games import Adam, Game
from adversaria.games.optimisers import Optimiser
from benchmarks.result import markdown

PLACE = Path(__file__).with_name("translation.json")
PAGE = Path(__file__).with_name("PURPOSES.md")
SECONDS = 30.0
# 0, or what `benchmarks.works --seed` gives to a process of its own
SEED = int(os.environ.get("BENCHMARK_SEED", "0"))
Words = dict[str, Tensor]


@dataclass(frozen=True)
class Row:
    """What a game reached at its purpose, beside baselines that know nothing of it."""

    game: str
    purpose: str
    measure: str
    better: str
    value: float
    baselines: dict[str, float]
    data: str
    plays: int = 0
    cpu_seconds: float = 0.0
    note: str = ""

    @property
    def beats_baselines(self) -> bool:
        """Whether it is better than every baseline in this one run; no interval stands behind it."""
        sign = 1 if self.better == "higher" else -1
        return all(sign * self.value > sign * other for other in self.baselines.values())


Case = Callable[[], Row]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Name a case by its function."""
    CASES[function.__name__.replace("_", "-")] = function
    return function


def subjects(phantom: Phantom, count: int, rules: Mapping[str, Percentile | Window | None], first: int = 0) -> Words:
    """Make words of subjects: scaled by a rule each, or as they are where it is None."""
    made: dict[str, list[Tensor]] = {word: [] for word in rules}
    for subject in range(first, first + count):
        found = phantom.case(subject)
        for word, rule in rules.items():
            array = found[word] if rule is None else rule.fit(found[word]).forward(found[word])
            made[word].append(torch.as_tensor(array))
    return {word: torch.stack(tensors) for word, tensors in made.items()}


class Learned:
    """A game that is played on streams of words for a number of plays, or until the seconds are over.

    Players with an `average` end with their averaged weights.
    """

    def __init__(
        self,
        game: Game,
        streams: Sequence[Words],
        plays: int,
        batch: int = 8,
        optimisers: Mapping[str, Optimiser] | None = None,
        seconds: float = SECONDS,
        average: Mapping[str, float] | None = None,
    ):
        fast = {player: faster(stated) for player, stated in game.optimisers.items()}
        made = build(game, {**fast, **(optimisers or {})})
        averages = Averages(game, average or {})

        def step(player: str) -> None:
            made[player].step()
            averages.update(player)

        table = Table(game, step=step)
        start, self.plays = time.process_time(), 0
        game.train()
        while self.plays < plays and time.process_time() - start < seconds:
            game.plays = self.plays
            table.play([{**self.batch(streams, batch), "draws": Draws(SEED, self.plays, range(batch))}])
            self.plays += 1
        averages.swap()
        self.seconds, self.game = time.process_time() - start, game.eval()

    def batch(self, streams: Sequence[Words], size: int) -> Words:
        """Draw a batch, each stream in an order of its own."""
        found: Words = {}
        for number, words in enumerate(streams):
            count = len(next(iter(words.values())))
            first = self.plays * size
            chosen = [int(order(count, number, (first + k) // count)[(first + k) % count]) for k in range(size)]
            found |= {word: tensor[chosen] for word, tensor in words.items()}
        return found

    @torch.no_grad()
    def answers(self, words: Words, word: str = "output", most: int = 32) -> Tensor:
        """What the game gives for words, a few at a time."""
        count = len(next(iter(words.values())))
        parts = [
            {**{w: t[k : k + most] for w, t in words.items()}, "draws": Draws(7, 0, range(k, min(k + most, count)))}
            for k in range(0, count, most)
        ]
        return torch.cat([self.game(part)[word] for part in parts])

    def row(self, **facts: object) -> Row:
        """Give a row of these facts."""
        return Row(plays=self.plays, cpu_seconds=round(self.seconds, 1), **facts)  # type: ignore[arg-type]


def faster(stated: Optimiser) -> Optimiser:
    """The paper's optimiser with the rate that fits a minute: Adam at 5e-4 at least."""
    return replace(stated, lr=max(stated.lr, 5e-4)) if isinstance(stated, Adam) else stated


def mae(first: Tensor, second: Tensor) -> float:
    """Mean absolute error."""
    return float((first - second).abs().mean())


def dice(found: Tensor, truth: Tensor, labels: Sequence[int]) -> float:
    """Mean Dice of labels over cases that show them."""
    scores = []
    for label in labels:
        a, b = (found == label).flatten(1).float(), (truth == label).flatten(1).float()
        shown = b.sum(1) > 0
        scores.append((2 * (a * b).sum(1) / (a.sum(1) + b.sum(1)))[shown].mean())
    return float(torch.stack(scores).mean())


def seeded(seed: int = 0) -> None:
    """Draw initial weights alike, and others for another `SEED`."""
    torch.manual_seed(int(stream("benchmark", seed, *((SEED,) if SEED else ())).integers(2**31)))


def page(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A line a game."""
    assert __doc__ is not None
    table = []
    for name, row in sorted(rows.items()):
        beside = ", ".join(f"{what} {value:.3g}" for what, value in row["baselines"].items())
        measure = f"{row['measure']}, {row['better']} is better"
        better = "yes" if row["beats_baselines"] else "no"
        facts = (f"{row['plays']}", f"{row['cpu_seconds']:g}", row["note"])
        table.append([name, row["purpose"], measure, f"{row['value']:.3g}", beside, better, *facts])
    head = ("game", "purpose", "measure", "value", "beside it", "better than all", "plays", "CPU s", "remark")
    said = " ".join(__doc__.split("\n\n")[1].split())
    return "\n".join(["# Games at their purposes", "", said, "", markdown(head, table), ""])


def main(names: Sequence[str]) -> None:
    """Play the named cases, or those that have no row yet."""
    from benchmarks import translation_images, translation_labels, translation_text

    assert translation_images and translation_labels and translation_text
    torch.set_num_threads(1)
    rows = json.loads(PLACE.read_text()) if PLACE.exists() else {}
    for name in names or [name for name in CASES if name not in rows]:
        seeded()
        row = CASES[name]()
        rows[name] = {**asdict(row), "beats_baselines": row.beats_baselines, "torch": torch.__version__}
        PLACE.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page(rows))
        said = ", ".join(f"{k} {v:.4g}" for k, v in row.baselines.items())
        verdict = "beats them" if row.beats_baselines else "does NOT beat them"
        print(f"{name}: {row.measure} {row.value:.4g} ({said}) {verdict}", flush=True)
        print(f"   {row.plays} plays, {row.cpu_seconds} s. {row.note}", flush=True)
    PAGE.write_text(page(rows))


if __name__ == "__main__":
    sys.modules["benchmarks.translation"] = sys.modules["__main__"]
    main(sys.argv[1:])
