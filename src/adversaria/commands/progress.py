"""Progress with an estimate of the time left: a bar on a terminal, a line a minute in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Tick = Callable[[int, int], None]

console = Console(stderr=True, highlight=False)


@contextmanager
def progress(what: str, quiet: bool = False) -> Iterator[Tick]:
    """Give a function of (done, total) that shows how far `what` has come."""
    if quiet:
        yield lambda done, total: None
    elif sys.stderr.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    else:
        yield _lines(what)


def _lines(what: str) -> Tick:
    begun = last = time.monotonic()
    first: int | None = None

    def tick(done: int, total: int) -> None:
        nonlocal last, first
        now = time.monotonic()
        first = done - 1 if first is None else first
        if now - last < 60 and done < total:
            return
        last = now
        rate = (done - first) / max(now - begun, 1e-9)
        left = (total - done) / max(rate, 1e-9)
        print(f"{what}: {done}/{total}, {now - begun:.0f} s, {left:.0f} s left", file=sys.stderr, flush=True)

    return tick
