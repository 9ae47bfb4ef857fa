"""A step in a process of its own, so that neither side lives with the other's memory and settings."""

import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import torch


def _serve(link: Connection, build: Callable[..., Callable[[], object]], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    step = build(*arguments)
    link.send("ready")
    while link.recv():
        step()
        link.send("done")


class Apart:
    """Builds a step by `build(*arguments)` in another process and runs it there on every call."""

    def __init__(self, build: Callable[..., Callable[[], object]], *arguments: Any):
        context = get_context("spawn")
        self.link, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, build, arguments), daemon=True)

    def __enter__(self) -> "Apart":
        self.process.start()
        self._answer()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.link.send(False)
        self.process.join()

    @property
    def pid(self) -> int:
        """The number of the other process."""
        assert self.process.pid is not None
        return self.process.pid

    def __call__(self) -> None:
        """Run the step once and wait for it."""
        self.link.send(True)
        self._answer()

    def _answer(self) -> None:
        while not self.link.poll(1):
            if not self.process.is_alive():
                raise RuntimeError("the process of a benchmark's step ended early")
        self.link.recv()


def time_of(*steps: Apart) -> Callable[[], float]:
    """CPU time of the processes of some steps together (Linux: a process's clock is named by its number)."""
    clocks = [(~step.pid << 3) | 2 for step in steps]
    return lambda: sum(time.clock_gettime(clock) for clock in clocks)
