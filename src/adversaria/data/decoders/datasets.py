"""One data set of an HDF5 file: checked before anything is allocated."""

from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.decoders.result import Refused, bounded


def dataset(file: Any, name: str, dims: tuple[int, ...]) -> Any:
    """Give a data set of numbers with one of these numbers of axes, that lies whole within the file."""
    import h5py

    for depth in range(1, name.count("/") + 2):
        part = "/".join(name.split("/")[:depth])
        if isinstance(file.get(part, getlink=True), h5py.ExternalLink):
            raise Refused(f"'{part}' lies in another file", "Copy it into this file.")
    found = file[name]
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "iufc" or found.ndim not in dims:
        raise Refused(f"'{name}' is no array of numbers with {' or '.join(map(str, dims))} axes")
    if found.is_virtual or found.external:
        raise Refused(f"'{name}' lies in other files", "Copy it into this file.")
    size = bounded(found.shape, found.dtype.itemsize)
    if found.chunks:
        wanted = prod(ceil(side / chunk) for side, chunk in zip(found.shape, found.chunks, strict=True))
        there, said = found.id.get_num_chunks(), "pieces"
    else:
        wanted, there, said = size, found.id.get_storage_size(), "bytes"
    if there < wanted:
        raise Refused(f"'{name}' is only half written: {there} of {wanted} {said} are there", "Write the file again.")
    return found


def values(found: Any) -> NDArray[Any]:
    """Read it, in single precision."""
    array = found[()]
    return np.asarray(array, np.complex64 if array.dtype.kind == "c" else np.float32)
