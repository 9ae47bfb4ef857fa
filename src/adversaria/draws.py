"""Keyed randomness: every draw is a function of what it is for, never of what was drawn before it.

Counter-based streams (Philox 4x64, Salmon et al. 2011) keyed by a hash make a run independent of the
number of workers, replicas and micro-batches, and let a resumed run repeat the undisturbed one.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

Part = int | str

_UNIT = 2.0**-53
_PER_COUNTER = 4
_WORD = 2**64 - 1


def key(*parts: Part) -> int:
    """Hash the parts (integers and strings, in order) to a 128-bit key."""
    text = "\x1f".join(f"{type(part).__name__[0]}{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")


def stream(*parts: Part) -> np.random.Generator:
    """Open the random stream that belongs to these parts."""
    return np.random.Generator(np.random.Philox(key=key(*parts)))


def seed_of(*parts: Part) -> int:
    """Hash the parts to a seed that torch accepts."""
    return key(*parts) % 2**63


def order(count: int, *parts: Part) -> NDArray[np.int64]:
    """Permute `range(count)` by the stream of these parts."""
    return stream("order", *parts).permutation(count)


@dataclass(frozen=True)
class Draws:
    """The random numbers of one batch: keyed by (seed, play, name), one block of counters a slot.

    `slots` are the places of the samples in the whole batch over all replicas and micro-batches, so
    a sample draws the same numbers however the batch is cut.
    """

    seed: int
    play: int
    slots: Sequence[int]

    def uniform(self, name: str, shape: Sequence[int]) -> NDArray[np.float64]:
        """Draw uniform numbers in the open interval (0, 1), shape (len(slots), *shape)."""
        count = prod(shape)
        counters = -(-count // _PER_COUNTER)
        named = key("draw", self.seed, self.play, name)
        first = self.slots[0] if len(self.slots) else 0
        if list(self.slots) == list(range(first, first + len(self.slots))):
            raw = _raw(named, first * counters, len(self.slots) * counters)
        else:
            raw = np.concatenate([_raw(named, slot * counters, counters) for slot in self.slots])
        raw = raw.reshape(len(self.slots), -1)[:, :count]
        unit: NDArray[np.float64] = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT
        return unit.reshape(len(self.slots), *shape)


_OWN = threading.local()


def _raw(key: int, first: int, count: int) -> NDArray[np.uint64]:
    """Give the words of `count` counters from `first` on, under a key.

    One generator a thread is set to the place: making a new one asks the system for entropy that is not needed.
    """
    if not hasattr(_OWN, "bits"):
        _OWN.bits = np.random.Philox(key=0)
        _OWN.state = _OWN.bits.state
    words = [(first >> 64 * k) & _WORD for k in range(4)], [key & _WORD, key >> 64]
    place = {"counter": np.array(words[0], np.uint64), "key": np.array(words[1], np.uint64)}
    _OWN.bits.state = {**_OWN.state, "state": place}
    return _OWN.bits.random_raw(count * _PER_COUNTER)
