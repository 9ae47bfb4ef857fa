"""Uncompressed grey DICOM slices: where their words lie in the file, and reading them from there.

The child finds the place and checks that it is whole; the parent reads numbers and nothing else.
"""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from adversaria.data.decoders.result import Refused

PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_PIXELS = b"\xe0\x7f\x10\x00"


def place_of(path: Path, file: BinaryIO, data: Any) -> dict[str, Any] | None:
    """Say where the pixels lie in a file that was read up to them; None if they are not plain words.

    `file` holds the beginning of `path` or all of it.
    """
    if not _is_plain(data):
        return None
    head = file.read(12)
    if head[:4] != _PIXELS:
        return None
    # an implicit length never spells OB or OW: those are odd, and lengths are even
    explicit = head[4:6] in (b"OB", b"OW")
    length = int.from_bytes(head[8:12] if explicit else head[4:8], "little")
    if length == 0xFFFFFFFF:
        return None
    start = file.tell() - (0 if explicit else 4)
    allocated = int(data.BitsAllocated)
    needed = int(data.Rows) * int(data.Columns) * allocated // 8
    there = min(length, path.stat().st_size - start)
    if there < needed:
        raise Refused(f"the pixel data of {path.name} are truncated: {there} of {needed} bytes are there")
    return {
        "start": start,
        "kind": f"<{'i' if data.PixelRepresentation else 'u'}{allocated // 8}",
        "unused": allocated - int(data.BitsStored),
    }


def _is_plain(data: Any) -> bool:
    syntax = str(getattr(getattr(data, "file_meta", None), "TransferSyntaxUID", PLAIN[0]))
    grey = int(getattr(data, "SamplesPerPixel", 1)) == 1 and str(data.PhotometricInterpretation).startswith("MONO")
    stored, allocated = int(getattr(data, "BitsStored", 0)), int(getattr(data, "BitsAllocated", 0))
    low = 0 < stored <= allocated and int(getattr(data, "HighBit", stored - 1)) == stored - 1
    alone = int(getattr(data, "NumberOfFrames", 1) or 1) == 1
    return syntax in PLAIN and grey and alone and low and allocated in (8, 16) and hasattr(data, "PixelRepresentation")


def read(path: Path, place: dict[str, Any]) -> Any:
    """Read the slices of `place` as (1, rows, columns[, slices]) in single precision and physical units."""
    rows, columns = place["size"]
    volume = np.empty((len(place["slices"]), rows, columns), np.float32)
    for plane, where in zip(volume, place["slices"], strict=True):
        file = path / Path(where["name"]).name if place["folder"] else path
        words = np.fromfile(file, where["kind"], rows * columns, offset=where["start"])
        if words.size < rows * columns:
            raise Refused(f"{file.name} changed while it was read")
        _scaled(_stored(words, where["unused"]).reshape(rows, columns), where["slope"], where["inter"], plane)
    return np.moveaxis(volume, 0, -1)[None] if place["folder"] else volume


def _stored(words: Any, unused: int) -> Any:
    """Drop what stands in the bits that are not stored: it means nothing."""
    if not unused:
        return words
    if words.dtype.kind == "u":
        words &= words.dtype.type((1 << 8 * words.itemsize - unused) - 1)
        return words
    words <<= unused
    words >>= unused
    return words


def _scaled(words: Any, slope: float, inter: float, into: Any) -> None:
    """Write words times slope plus intercept, all in single precision."""
    into[...] = words
    if slope != 1:
        into *= np.float32(slope)
    if inter:
        into += np.float32(inter)
