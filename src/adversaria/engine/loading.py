"""From a feed to micro-batches on the device, in order, with any number of workers."""

from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from adversaria.draws import Draws
from adversaria.vocabulary import Batch


class Feed(Protocol):
    """Gives any part of any batch: what it gives depends on the arguments alone."""

    batch_size: int

    def batch(self, play: int, part: int, parts: int) -> Batch:
        """Give the `part`-th of `parts` equal parts of the batch of a play."""


class _Parts(Dataset[Batch]):
    def __init__(self, feed: Feed, parts: int):
        self.feed, self.parts = feed, parts

    def __getitem__(self, where: tuple[int, int]) -> Batch:
        play, part = where
        return self.feed.batch(play, part, self.parts)


def _as_is(batch: Any) -> Any:
    return batch


def batches(
    feed: Feed,
    seed: int,
    first: int,
    plays: int,
    rank: int = 0,
    replicas: int = 1,
    accumulate: int = 1,
    workers: int = 0,
    device: torch.device | None = None,
) -> Iterator[list[Batch]]:
    """Iterate over the plays from `first` on: the micro-batches of this replica, with their draws."""
    parts = replicas * accumulate
    mine = range(rank * accumulate, (rank + 1) * accumulate)
    wanted = [(play, part) for play in range(first, plays) for part in mine]
    where = device or torch.device("cpu")
    loader: Any = DataLoader(
        _Parts(feed, parts),
        batch_size=None,
        sampler=wanted,
        num_workers=workers,
        collate_fn=_as_is,
        pin_memory=where.type == "cuda",
        generator=torch.Generator(),
    )
    share = feed.batch_size // parts
    micros: list[Batch] = []
    for (play, part), batch in zip(wanted, loader, strict=True):
        batch = {k: v.to(where, non_blocking=True) if isinstance(v, Tensor) else v for k, v in batch.items()}
        batch["draws"] = Draws(seed, play, range(part * share, (part + 1) * share))
        micros.append(batch)
        if len(micros) == accumulate:
            yield micros
            micros = []
