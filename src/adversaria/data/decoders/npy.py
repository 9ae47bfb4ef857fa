"""NumPy's own files: numbers, never pickled objects."""

from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.decoders.result import Decoded, Part, Refused, bounded


def decode(path: Path, pixels: bool = True) -> Decoded:
    """Find the numbers of a .npy file as the part `values`."""
    with open(path, "rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read: Any = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, fortran, dtype = read[version](file)
        except (ValueError, KeyError) as error:
            raise Refused(f"it has no header of NumPy's: {str(error)[:200]}") from None
        offset = file.tell()
    if dtype.kind not in "iufc":
        raise Refused(f"it holds {dtype}, not numbers", "Save an array of numbers; pickled objects are never read.")
    size = bounded(shape, dtype.itemsize)
    if path.stat().st_size < offset + size:
        raise Refused(f"it is truncated: {path.stat().st_size} of {offset + size} bytes are there")
    part = Part(dtype.str, tuple(map(int, shape)), offset, "F" if fortran else "C")
    return Decoded(None, {"kind": "npy", "shape": part.shape}, parts={"values": part} if pixels else {})
