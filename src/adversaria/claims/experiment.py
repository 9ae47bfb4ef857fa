"""What an experiment on a claim is: cells (a seed, a condition, an arm) whose rows are kept, and what they say."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch

from adversaria.claims.findings import BySeed, Finding
from adversaria.run import write_atomically

Values = dict[str, list[float]]


@dataclass(frozen=True)
class Row:
    """One cell: each measure's value for every test subject, what it cost, and the settings it was made with."""

    seed: int
    condition: str
    arm: str
    values: Values
    cpu_seconds: float
    settings: str


@dataclass(frozen=True)
class Experiment(ABC):
    """A claim of the review as an experiment on phantoms: the fields are its settings, which a row remembers."""

    name: ClassVar[str]
    claim: ClassVar[str]
    works: ClassVar[str]
    how: ClassVar[str]
    measures: ClassVar[dict[str, str]]

    version: int = 1

    @abstractmethod
    def cells(self) -> list[tuple[str, str]]:
        """Every condition and arm of a seed, in the order in which they are run."""

    @abstractmethod
    def values(self, seed: int, condition: str, arm: str) -> Values:
        """Run one cell."""

    @abstractmethod
    def findings(self, rows: "Rows") -> list[Finding]:
        """What the rows say."""


@dataclass
class Rows:
    """The rows of an experiment: those of other settings are left aside."""

    found: list[Row] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, settings: str) -> "Rows":
        """Read what is kept in a file, if there is one."""
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        return cls([row for row in (Row(**plain) for plain in stored) if row.settings == settings])

    def write(self, path: Path) -> None:
        """Write all rows, one a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(json.dumps(asdict(row)) for row in self.found)
        write_atomically(path, f"[\n{lines}\n]\n")

    def has(self, seed: int, condition: str, arm: str) -> bool:
        """Whether a cell was run."""
        return any((row.seed, row.condition, row.arm) == (seed, condition, arm) for row in self.found)

    def of(self, condition: str, arm: str, measure: str) -> BySeed:
        """Values of an arm by seed."""
        return {r.seed: r.values[measure] for r in self.found if (r.condition, r.arm) == (condition, arm)}

    def seconds(self) -> float:
        """CPU seconds spent on all rows."""
        return sum(row.cpu_seconds for row in self.found)

    def longest(self, arm: str) -> float:
        """The most CPU seconds that a cell of an arm has taken."""
        return max((row.cpu_seconds for row in self.found if row.arm == arm), default=0.0)


def run(
    experiment: Experiment, path: Path, seeds: Sequence[int], minutes: float, say: Callable[[str], Any] = print
) -> Rows:
    """Run the cells that are missing, seed by seed, as long as they fit into so many CPU minutes over all rows."""
    torch.set_num_threads(1)
    settings = repr(experiment)
    rows = Rows.read(path, settings)
    for seed in seeds:
        for condition, arm in experiment.cells():
            if rows.has(seed, condition, arm):
                continue
            if rows.seconds() + rows.longest(arm) > 60 * minutes:
                say(f"{experiment.name}: the {minutes:g} CPU minutes are over; the next call with more goes on")
                return rows
            start = time.process_time()
            values = rounded(experiment.values(seed, condition, arm))
            rows.found.append(Row(seed, condition, arm, values, round(time.process_time() - start, 1), settings))
            rows.write(path)
            say(f"{experiment.name}: seed {seed}, {condition}, {arm}: {rows.found[-1].cpu_seconds:g} CPU s")
    return rows


def rounded(values: Values) -> Values:
    """Five digits of every value."""
    return {measure: [float(f"{value:.5g}") for value in found] for measure, found in values.items()}
