"""Ratios on a shared machine: CPU time of one thread, alternated, the first call of each thrown away."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from benchmarks.result import Goal

WIDE = 1.2  # where the largest ratio is more than this many times the smallest, more rounds are made


@dataclass(frozen=True)
class Ratio:
    """How many times faster ours is: the median of per-round ratios, with the smallest and largest."""

    name: str
    peer: str
    ours_ms: float
    peer_ms: float
    median: float
    low: float
    high: float
    rounds: int
    goal: float | None = None

    HEAD = ("what", "peer", "ours, ms", "peer, ms", "times as fast (smallest-largest of rounds)", "goal")

    def judged(self) -> Goal | None:
        """Compare with the goal."""
        if self.goal is None:
            return None
        return Goal(self.name, f">= {self.goal:g}", f"{self.median:.2f}", self.median >= self.goal)

    def row(self) -> list[str]:
        """Give one row of a table."""
        judged = self.judged()
        return [
            self.name,
            self.peer,
            f"{self.ours_ms:.1f}",
            f"{self.peer_ms:.1f}",
            f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f} of {self.rounds})",
            judged.said() if judged else "",
        ]


def own_time() -> float:
    """CPU time of this process in seconds."""
    return time.process_time()


def time_with(pid: Callable[[], int]) -> Callable[[], float]:
    """CPU time of this process and of one helper process together (Linux: its clock is named by its number)."""

    def clock() -> float:
        return time.process_time() + time.clock_gettime((~pid() << 3) | 2)

    return clock


def spent(call: Callable[[], object], clock: Callable[[], float] = own_time) -> float:
    """CPU time of one call, in milliseconds."""
    begun = clock()
    call()
    return (clock() - begun) * 1e3


def compare(
    name: str,
    peer_name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    rounds: int = 5,
    goal: float | None = None,
    clock: Callable[[], float] = own_time,
    most: int | None = None,
) -> Ratio:
    """Time ours and the peer in turn, A B B A, and take the ratio round by round; more rounds if they disagree."""
    torch.set_num_threads(1)
    ours(), peer()
    pairs: list[tuple[float, float]] = []
    while len(pairs) < rounds or (_spread(pairs) > WIDE and len(pairs) < (most or 3 * rounds)):
        if len(pairs) % 2 == 0:
            one, two = spent(ours, clock), spent(peer, clock)
        else:
            two, one = spent(peer, clock), spent(ours, clock)
        pairs.append((one, two))
    ratios = [theirs / mine for mine, theirs in pairs]
    return Ratio(
        name,
        peer_name,
        statistics.median(m for m, _ in pairs),
        statistics.median(p for _, p in pairs),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        len(pairs),
        goal,
    )


def _spread(pairs: list[tuple[float, float]]) -> float:
    ratios = [theirs / mine for mine, theirs in pairs]
    return max(ratios) / min(ratios)


def repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    """Call several times: for what is too short to be timed once."""

    def calls() -> None:
        for _ in range(times):
            call()

    return calls


def load() -> str:
    """How busy the machine is with everything that runs on it."""
    return f"{os.getloadavg()[0]:.1f}"
