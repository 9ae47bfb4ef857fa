"""Cartesian k-space in HDF5 as fastMRI stores it (Zbontar et al. 2018): `kspace`, `mask`, an ISMRMRD header."""

from typing import Any

from adversaria.data.decoders.datasets import dataset, values
from adversaria.data.decoders.ismrmrd import header_facts
from adversaria.data.decoders.result import Decoded, Refused

_MAPS = ("sensitivity_maps", "sens_maps", "coils")
_IMAGES = ("reconstruction_rss", "reconstruction_esc")


def decode(file: Any, pixels: bool) -> Decoded:
    """Give the arrays `kspace` (slices, [coils,] rows, columns), `mask`, `coils` and `image` where they are there."""
    k = dataset(file, "kspace", (3, 4))
    if k.dtype.kind != "c":
        raise Refused(f"its k-space is of type {k.dtype}, not complex", "Store complex64.")
    found = {"kspace": k}
    if "mask" in file:
        found["mask"] = dataset(file, "mask", (1, 2, 3))
    for word, names, dims in (("coils", _MAPS, (k.ndim,)), ("image", _IMAGES, (3,))):
        there = [name for name in names if name in file]
        if there:
            found[word] = dataset(file, there[0], dims)
    facts = {"kind": "k-space", "shape": tuple(map(int, k.shape)), "modality": "MR"}
    if "ismrmrd_header" in file:
        facts |= header_facts(file["ismrmrd_header"][()])
    return Decoded(None, facts, arrays={word: values(one) for word, one in found.items()} if pixels else {})
