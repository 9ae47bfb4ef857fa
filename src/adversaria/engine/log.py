"""The live log of losses: a CSV file that can be read while it grows, and cut on resume."""

import csv
from pathlib import Path
from typing import NamedTuple

from adversaria.run import write_atomically
from adversaria.vocabulary import UserError

HEADER = ("play", "player", "step", "term", "value")


class Row(NamedTuple):
    """One value: the play (counted from 0), whose turn, that player's step, the term, its value."""

    play: int
    player: str
    step: int
    term: str
    value: float


class Log:
    """`log.csv`: one row a play, player and term. A value stands there only once."""

    def __init__(self, path: Path):
        self.path = path

    def cut(self, plays: int) -> None:
        """Keep the rows of the first `plays` plays, and start the file if there is none."""
        kept = [row for row in self.rows() if row.play < plays]
        lines = [",".join(HEADER), *(_line(row) for row in kept)]
        write_atomically(self.path, "\n".join(lines) + "\n")

    def add(self, rows: list[Row]) -> None:
        """Append rows."""
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write("".join(_line(row) + "\n" for row in rows))
        except OSError as error:
            raise UserError(
                f"cannot write {self.path}: {error.strerror or error}.",
                "Earlier checkpoints are intact. Free some space and run the same command again: it continues.",
            ) from None

    def rows(self) -> list[Row]:
        """Read all whole rows; a half-written last line is dropped."""
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1].splitlines()[1:]
        return [Row(int(p), who, int(s), term, float(v)) for p, who, s, term, v in csv.reader(whole)]


def _line(row: Row) -> str:
    return f"{row.play},{row.player},{row.step},{row.term},{row.value!r}"
