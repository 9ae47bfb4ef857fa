"""What a section of the benchmarks found: plain data that is kept as JSON and written as Markdown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A goal, what was found, and whether it was met. `why` says what was measured where it was not."""

    name: str
    wanted: str
    found: str
    met: bool
    why: str = ""

    def said(self) -> str:
        """Say it in a cell."""
        return f"{'met' if self.met else 'MISSED'} ({self.wanted})"


@dataclass
class Found:
    """One section's table, the goals in it, remarks, and what it shows about members of the package.

    `evidence` maps `kind/key` of the index to `plays` (ok, fails), `learns` (shown, not shown) and
    `evidence` (this section and the number); what is not known is left out.
    """

    title: str
    how: str
    head: Sequence[str]
    rows: list[Sequence[str]]
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Give it as JSON."""
        return asdict(self)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)
