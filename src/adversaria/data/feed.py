"""From prepared cases to batches of patches: what is drawn depends on (seed, play, slot) alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray

from adversaria.draws import Draws, order
from adversaria.vocabulary import RAW, Batch, UserError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Item:
    """Something to draw a patch from: the words of one case and its handle.

    Words are images (C, *S), numbers () or (N,), or raw data (C, ...), which belong to the whole image.
    """

    words: Mapping[str, Array]
    handle: str


@dataclass(frozen=True)
class Uniform:
    """Every place of a patch is as likely as any other."""

    def place(self, item: Item, room: Sequence[int], patch: Sequence[int], draws: Array) -> list[int]:
        """Choose a corner with `draws` (tries, dims), uniform."""
        return [int(u * (r + 1)) for u, r in zip(draws[0], room, strict=True)]


@dataclass(frozen=True)
class Foreground:
    """Prefer patches that are not empty: the first of `tries` whose share of `word` above `above` is `share`.

    `above` is in the network's range. If none qualifies the last one is taken. A stream without `word` is
    judged by its own first word.
    """

    word: str = "target"
    above: float = -0.95
    share: float = 0.25
    tries: int = 8

    def place(self, item: Item, room: Sequence[int], patch: Sequence[int], draws: Array) -> list[int]:
        """Choose a corner with `draws` (tries, dims), uniform."""
        corner: list[int] = []
        first = next(iter(item.words.values()))
        for draw in draws[: self.tries]:
            corner = [int(u * (r + 1)) for u, r in zip(draw, room, strict=True)]
            seen = item.words.get(self.word, first)[(slice(None), *_window(corner, patch))]
            if np.mean(seen > self.above) >= self.share:
                break
        return corner


Sampling = Uniform | Foreground
_TRIES = 8


@dataclass(frozen=True)
class Stream:
    """Items that are drawn together, in an order of their own each epoch.

    All words of an item give the patch at the same place. `name` keys the order, so the streams of
    unpaired data go their own ways.
    """

    name: str
    items: Sequence[Item]
    patch: tuple[int, ...] | None = None
    sampling: Sampling = Uniform()
    batch_size: int | None = None

    def draw(self, seed: int, play: int, slots: Sequence[int], size: int) -> dict[str, list[Array]]:
        """Give the patches of these slots of a play, whose whole batch has `size` slots."""
        draws = Draws(seed, play, slots).uniform(f"patch {self.name}", (_TRIES, max(1, len(self.patch or ()))))
        found: dict[str, list[Array]] = {}
        for slot, draw in zip(slots, draws, strict=True):
            item = self.items[self.index(seed, play * size + slot)]
            for word, patch in self.cut(item, draw.astype(np.float32)).items():
                found.setdefault(word, []).append(patch)
        return found

    def index(self, seed: int, number: int) -> int:
        """Which item is the `number`-th drawn since the start."""
        epoch, place = divmod(number, len(self.items))
        return int(_order(len(self.items), seed, epoch, self.name)[place])

    def cut(self, item: Item, draw: Array) -> dict[str, Array]:
        """Cut one patch from every image of an item; its numbers (a label, a code) and raw data go along whole."""
        images = images_of(item)
        others = {word: array for word, array in item.words.items() if word not in images}
        return {**self._patch(Item(images, item.handle), draw), **others}

    def room(self, item: Item) -> tuple[tuple[int, ...], list[int]]:
        """The size of an item's largest image, and by how much it exceeds the patch; smaller ones are refused."""
        assert self.patch is not None
        size = max((array.shape[1:] for array in images_of(item).values()), key=prod)
        room = [s - p for s, p in zip(size, self.patch, strict=True)]
        if min(room) < 0:
            raise UserError(
                f"case {item.handle} is {'x'.join(map(str, size))}, smaller than the patch "
                f"{'x'.join(map(str, self.patch))}.",
                "Choose a smaller patch, --set train.patch=[...], or write a grid into the recipe, for example "
                "grid: !Centred {size: [...]}.",
            )
        raw = next((word for word in item.words if word in RAW), None)
        if raw and max(room) > 0:
            raise UserError(
                f"'{raw}' belongs to the whole image of {'x'.join(map(str, size))}: a patch of "
                f"{'x'.join(map(str, self.patch))} has none.",
                "Train on whole images: leave train.patch out, or give the image's own size.",
            )
        return size, room

    def _patch(self, item: Item, draw: Array) -> dict[str, Array]:
        if self.patch is None:
            return dict(item.words)
        size, room = self.room(item)
        corner = self.sampling.place(item, room, self.patch, draw)
        ratios = {word: _ratios(size, array.shape[1:], self.patch, word) for word, array in item.words.items()}
        # words of larger voxels are cut at the same place: corners lie on the borders of the largest voxels
        corner = [c // max(rs) * max(rs) for c, rs in zip(corner, zip(*ratios.values(), strict=True), strict=True)]
        windows = {word: _window(_shrunk(corner, rs), _shrunk(self.patch, rs)) for word, rs in ratios.items()}
        return {word: array[(slice(None), *windows[word])] for word, array in item.words.items()}


class PatchFeed:
    """Batches of patches from one or several streams."""

    def __init__(self, streams: Sequence[Stream], batch_size: int, seed: int):
        empty = [stream.name for stream in streams if not stream.items]
        if empty:
            raise UserError(f"there is nothing to train on in {', '.join(empty)}.", "Bring more cases.")
        for stream in streams:
            for item in stream.items if stream.patch else ():
                stream.room(item)
            if not stream.patch and (stream.batch_size or batch_size) > 1:
                _refuse_unequal(stream.items)
        self.streams, self.batch_size, self.seed = streams, batch_size, seed

    def batch(self, play: int, part: int, parts: int) -> Batch:
        """Give the `part`-th of `parts` equal parts of the batch of a play."""
        found: Batch = {}
        for stream in self.streams:
            size = stream.batch_size or self.batch_size
            share = size // parts
            drawn = stream.draw(self.seed, play, range(part * share, (part + 1) * share), size)
            for word, patches in drawn.items():
                found[word] = torch.from_numpy(np.stack(patches))
        return found


def images_of(item: Item) -> dict[str, Array]:
    """The images of an item, without its numbers and its raw data."""
    return {word: array for word, array in item.words.items() if array.ndim > 1 and word not in RAW}


def _refuse_unequal(items: Sequence[Item]) -> None:
    """Whole images of several sizes cannot stand in one batch."""
    first = {word: array.shape for word, array in items[0].words.items()}
    for item in items:
        for word, array in item.words.items():
            if array.shape != first[word]:
                raise UserError(
                    f"'{word}' is {'x'.join(map(str, array.shape[1:]))} in {item.handle} and "
                    f"{'x'.join(map(str, first[word][1:]))} in {items[0].handle}: images of one batch must agree.",
                    "Write a patch or a grid into the recipe, or --set train.batch=1.",
                )


_ORDERS: dict[tuple[int, int, int, str], NDArray[np.int64]] = {}


def _order(count: int, seed: int, epoch: int, name: str) -> NDArray[np.int64]:
    """Permute the items of an epoch; the last few orders are kept."""
    wanted = (count, seed, epoch, name)
    if wanted not in _ORDERS:
        if len(_ORDERS) > 16:
            _ORDERS.clear()
        _ORDERS[wanted] = order(count, "epoch", seed, epoch, name)
    return _ORDERS[wanted]


def _ratios(size: Sequence[int], own: Sequence[int], patch: Sequence[int], word: str) -> list[int]:
    """How many voxels of the largest image one of this word's spans along each axis."""
    ratios = [big // max(small, 1) for big, small in zip(size, own, strict=True)]
    if any(b != s * r or p % r for b, s, r, p in zip(size, own, ratios, patch, strict=True)):
        raise UserError(
            f"'{word}' is {'x'.join(map(str, own))} beside images of {'x'.join(map(str, size))}: a patch of "
            f"{'x'.join(map(str, patch))} cannot be cut from both.",
            "Sizes and patch must be whole multiples of the smaller image's.",
        )
    return ratios


def _shrunk(numbers: Sequence[int], ratios: Sequence[int]) -> list[int]:
    return [n // r for n, r in zip(numbers, ratios, strict=True)]


def _window(corner: Sequence[int], patch: Sequence[int]) -> tuple[slice, ...]:
    return tuple(slice(c, c + p) for c, p in zip(corner, patch, strict=True))
