"""What a decoder gives: pixels and facts, or a refusal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

LARGEST = 2 * 1024**3


class Refused(Exception):
    """A file that cannot be read: why, and what to do about it."""

    def __init__(self, reason: str, remedy: str = "Restore the file from its source."):
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


@dataclass(frozen=True)
class Part:
    """Where a file holds an array as plain words."""

    dtype: str
    shape: tuple[int, ...]
    offset: int = 0
    order: Literal["C", "F"] = "C"


@dataclass
class Decoded:
    """Pixels (C, *S), or where the file holds them as plain words, and facts (JSON).

    With `pour`, the words are first to be poured into a file, and `mapped` says how they lie in that. Raw data come as
    named `arrays` or, where the file holds them as plain words, `parts`.
    """

    array: NDArray[Any] | None
    facts: dict[str, Any]
    mapped: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    pour: Callable[[BinaryIO], None] | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def bounded(shape: tuple[int, ...], itemsize: int) -> int:
    """Give the declared size in bytes, or refuse one that is absurd."""
    if not shape or min(shape) < 1:
        raise Refused(f"its header declares the size {'x'.join(map(str, shape))}")
    size = itemsize
    for side in shape:
        size *= int(side)
    if size > LARGEST:
        raise Refused(
            f"its header declares {'x'.join(map(str, shape))} voxels, {size / 2**30:,.1f} GiB",
            "Cut or shrink the image: more than 2 GiB in one file is not read.",
        )
    return size


def as_float(array: NDArray[Any]) -> NDArray[np.float32]:
    """Bring pixels to single precision."""
    return array.astype(np.float32, copy=False)
