"""How large a planned training is: patch, or whole images made small, and how wide the networks are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

from adversaria.data.fingerprint import WordFacts
from adversaria.vocabulary import UserError

_MAGNIFIED = 1.15  # how much a side may grow to reach a power of two, before half of it would be lost
_WIDE = 4.0  # pixels that the parts of a map must keep on a small grid to be found on it; drawn from, one is enough


@dataclass(frozen=True)
class Machine:
    """What a plan may use: `memory` in GiB, and whether there is a GPU."""

    memory: float
    gpu: bool = False


def patch(words: Sequence[WordFacts], dims: int, machine: Machine, square: bool) -> tuple[int, ...]:
    """The largest patch that the machine's kind bears and the smallest image holds; `square` for whole images."""
    sides = [min(word.sizes[axis][0] for word in words) for axis in range(dims)]
    if square:
        largest = (64 if dims == 2 else 32) * (2 if machine.gpu else 1)
        resized = all(word.dims == dims for word in words)
        return (_power(int(min(*sides, largest) * (_MAGNIFIED if resized else 1.0))),) * dims
    cut = tuple(_floor(side, _largest(dims, machine)) for side in sides)
    if min(cut) < 16:
        size = " x ".join(map(str, sides))
        raise UserError(f"the smallest image is {size}: too small for a network.", "Bring images of 16 pixels a side.")
    return cut


def _largest(dims: int, machine: Machine) -> int:
    return (256 if machine.gpu else 128) if dims == 2 else (96 if machine.gpu else 32)


def whole(
    task: str, first: WordFacts | None, last: WordFacts, cut: tuple[int, ...], machine: Machine
) -> tuple[int, ...] | None:
    """The grid that whole images are made small to, where that is better than patches `cut` from them; else None.

    Images drawn from maps are, where the parts of the map stay a pixel wide. Images to be segmented are where a
    typical object is longer than half of a patch, so that patches would show neither its outline nor its other side,
    and where its parts stay wide enough to be found. Slices of volumes are not.
    """
    if first is None or first.dims != 2 or last.dims != 2 or task not in ("mask-to-image", "segment"):
        return None
    mask, image = (first, last) if task == "mask-to-image" else (last, first)
    longest = max(high for _, high in image.sizes)
    if task == "mask-to-image":
        grid = _drawn(image, machine)
        return grid if mask.thickness * max(grid) / longest >= 1.0 else None
    grid = _held(image, 2 * _largest(2, machine) ** 2)
    large = mask.extent > min(cut) / 2 and any(high > side for (_, high), side in zip(image.sizes, cut, strict=True))
    return grid if large and mask.thickness * max(grid) / longest >= _WIDE else None


def _drawn(image: WordFacts, machine: Machine) -> tuple[int, ...]:
    """The largest small grid with sides in the proportion of the smallest image, in multiples of 16."""
    sides = [low for low, _ in image.sizes]
    largest = min(_power(max(sides)), 128 if machine.gpu else 64)
    return tuple(max(16, round(side * largest / max(sides) / 16) * 16) for side in sides)


def _held(image: WordFacts, pixels: int) -> tuple[int, ...]:
    """The grid of so many pixels with sides in the proportion of the smallest image, in multiples of 16."""
    sides = [low for low, _ in image.sizes]
    ratio = min(1.0, sqrt(pixels / prod(sides)))
    return tuple(max(16, int(side * ratio) // 16 * 16) for side in sides)


def _power(side: int) -> int:
    if side < 16:
        raise UserError(f"the smallest side is {side}: too small.", "Bring images of 16 pixels a side.")
    return int(2 ** (side.bit_length() - 1))


def _floor(side: int, largest: int) -> int:
    """The largest multiple of 16 (of 8 in small images) that fits."""
    unit = 16 if side >= 32 else 8
    return min(side // unit * unit, largest)


def width(task: str, machine: Machine, dims: int) -> int:
    """Channels of the outermost layers; a network for label maps works at full size there, and has fewer."""
    if task == "segment":
        return (32 if dims == 2 else 16) if machine.gpu else (16 if dims == 2 else 8)
    return (64 if dims == 2 else 32) if machine.gpu else (24 if dims == 2 else 12)
