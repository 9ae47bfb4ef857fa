"""How one work is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks import works_judging as judging
from benchmarks import works_restoring as restoring
from benchmarks.translation import Row


@dataclass(frozen=True)
class Plan:
    """How a work is judged: a function of `works_judging` or `works_restoring`, changes of its recipe, arguments."""

    judge: str
    changes: tuple[str, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)

    def version(self) -> int:
        """The version of the way of judging: raised when it changes."""
        return {**judging.VERSIONS, **restoring.VERSIONS}[self.judge]

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        where = restoring if self.judge in restoring.VERSIONS else judging
        found = getattr(where, self.judge)(key, seconds, self.changes, **self.arguments)
        assert isinstance(found, Row)
        return found
