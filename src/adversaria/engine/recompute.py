"""Trading time for memory: networks run again in the backward pass instead of keeping activations."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from adversaria.games.game import Game


@contextmanager
def recomputing(game: Game) -> Iterator[None]:
    """Run each network of each player through non-reentrant checkpointing while the context is open.

    Batch statistics and power iterations stay where the first pass left them: buffers that the second
    pass moves are put back, and it starts from those that the first pass ended with.
    """
    networks = {id(m): m for player in game.players for m in game.modules_of(player)}
    for network in networks.values():
        network.forward = partial(_checkpointed, network, network.forward)
    try:
        yield
    finally:
        for network in networks.values():
            del network.__dict__["forward"]


def _checkpointed(network: nn.Module, forward: Any, *args: Any, **kwargs: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*args, **kwargs)
    after: list[Tensor] = []
    contexts = (_Remember(network, after), _Still(network, after))
    return checkpoint(forward, *args, use_reentrant=False, context_fn=lambda: contexts, **kwargs)


class _Remember:
    """Keeps the buffers that the first pass ended with."""

    def __init__(self, network: nn.Module, after: list[Tensor]):
        self.buffers, self.after = list(network.buffers()), after

    def __enter__(self) -> None:
        pass

    def __exit__(self, *failure: object) -> None:
        self.after[:] = [b.detach().clone() for b in self.buffers]


class _Still:
    """Holds the buffers of a network still during its second pass; opened once a backward pass."""

    def __init__(self, network: nn.Module, after: list[Tensor]):
        self.buffers, self.after = list(network.buffers()), after
        self.iterating: list[Any] = [m for m in network.modules() if hasattr(m, "n_power_iterations")]

    def __enter__(self) -> None:
        self.now = [b.detach().clone() for b in self.buffers]
        self.counts = [m.n_power_iterations for m in self.iterating]
        _put(self.buffers, self.after)
        for module in self.iterating:
            module.n_power_iterations = 0

    def __exit__(self, *failure: object) -> None:
        _put(self.buffers, self.now)
        for module, count in zip(self.iterating, self.counts, strict=True):
            module.n_power_iterations = count


def _put(buffers: list[Tensor], values: list[Tensor]) -> None:
    """Write without raising the version that autograd compares: the values are those it saw."""
    for buffer, value in zip(buffers, values, strict=True):
        buffer.data.copy_(value)
