"""Ratios on a shared machine: CPU time of one thread, alternated, the first call of each thrown away."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch


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
    goal: float | None = None

    def row(self) -> str:
        """Give one row of a Markdown table."""
        goal = "" if self.goal is None else f"{'met' if self.median >= self.goal else 'MISSED'} (>= {self.goal:g})"
        return (
            f"| {self.name} | {self.peer} | {self.ours_ms:.1f} | {self.peer_ms:.1f} | "
            f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f}) | {goal} |"
        )


def cpu(call: Callable[[], object]) -> float:
    """CPU time of this process for one call, in milliseconds."""
    begun = time.process_time()
    call()
    return (time.process_time() - begun) * 1e3


def compare(
    name: str,
    peer_name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    rounds: int = 5,
    goal: float | None = None,
) -> Ratio:
    """Time ours and the peer in turn, A B B A, and take the ratio round by round."""
    torch.set_num_threads(1)
    ours(), peer()
    pairs = []
    for number in range(rounds):
        first, second = (ours, peer) if number % 2 == 0 else (peer, ours)
        one, two = cpu(first), cpu(second)
        pairs.append((one, two) if number % 2 == 0 else (two, one))
    ratios = [theirs / mine for mine, theirs in pairs]
    return Ratio(
        name,
        peer_name,
        statistics.median(m for m, _ in pairs),
        statistics.median(p for _, p in pairs),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        goal,
    )
