"""The words of data that a recipe binds: an image, a part of an acquisition, or several images as channels.

`low` is an image; `low/measurement` a part of the draw that `low` was reconstructed from; `low+t1` the channels of
both, one after the other; `film/grey` a picture in colour, or stored as such, as one channel.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.image import Array, Image
from adversaria.vocabulary import RAW, UserError

GREY = "grey"
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def bases(name: str) -> list[str]:
    """The images that a bound name is made of."""
    return [part.partition("/")[0] for part in name.split("+")]


def is_raw(name: str) -> bool:
    """Whether a bound name is raw data, which belong to a whole image."""
    return name.partition("/")[2] in RAW


def named(images: Mapping[str, Image], name: str) -> Image:
    """Give what a bound name stands for, beside what it was reconstructed from.

    Raw data stay as they are, complex ones complex; a complex image becomes two channels, its real and its imaginary
    part, and says so in `facts["complex"]`; joined images say in `facts["joined"]` how many channels the first has.
    """
    if "+" in name:
        return _joined([named(images, part) for part in name.split("+")])
    base, _, part = name.partition("/")
    image = images[base]
    if not part:
        return image
    if part == GREY:
        return grey(image)
    if part not in image.raw:
        raise UserError(
            f"'{base}' brings no '{part}'.",
            f"It brings {', '.join(image.raw) or 'an image alone'}; bind one of these, or acquire it by an operator.",
        )
    array = image.raw[part]
    if part in RAW:
        return Image(array, spacing=image.spacing)
    if np.iscomplexobj(array):
        return replace(image, array=_channels(array), facts={**image.facts, "complex": True})
    return replace(image, array=array)


def grey(image: Image) -> Image:
    """A picture (3, *S) as one channel (1, *S): that which it repeats, else the luma of its colours."""
    if len(image.array) != 3:
        return image
    return image.like(image.array[:1] if repeats(image) else np.tensordot(_LUMA, image.array, 1)[None])


def repeats(image: Image) -> bool:
    """Whether a picture is grey, stored as colour: its channels are alike."""
    first, *others = image.array
    return bool(others) and all(np.array_equal(first, other) for other in others)


def read_as(image: Image, name: str) -> Image:
    """An image that was read from a file, as a bound name has it where that takes a picture as grey."""
    return grey(image) if name.endswith(f"/{GREY}") and "+" not in name else image


def magnitude(image: Image) -> Image:
    """The magnitude of a complex image, over several coils the root of the sum of squares; others as they are."""
    if not image.facts.get("complex") or len(image.array) % 2:
        return image
    size = np.sqrt(np.square(image.array).sum(0, keepdims=True))
    return replace(image, array=size, facts={**image.facts, "complex": False})


def _channels(array: NDArray[Any]) -> Array:
    """(C, ...), complex, as (2 C, ...): each channel's real part, then its imaginary part."""
    pairs = np.stack([array.real, array.imag], 1)
    return pairs.reshape(-1, *array.shape[1:]).astype(np.float32)


def _joined(images: list[Image]) -> Image:
    sizes = {image.array.shape[1:] for image in images}
    if len(sizes) > 1:
        raise UserError("images that are to be channels of one differ in size.", "Put them on one grid first.")
    raw = next((image.raw for image in images if image.raw), {})
    facts = {**images[0].facts, "joined": len(images[0].array)}
    return replace(images[0], array=np.concatenate([i.array for i in images]), raw=raw, facts=facts)
