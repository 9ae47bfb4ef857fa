"""Tomography in HDF5 in the Data Exchange format (De Carlo et al. 2014), as tomopy reads it."""

from typing import Any

from adversaria.data.decoders.datasets import dataset, values
from adversaria.data.decoders.result import Decoded


def decode(file: Any, pixels: bool) -> Decoded:
    """Give the arrays `data` (views, rows, columns), `white`, `dark` (frames, rows, columns) and `theta` (views,)."""
    found = {"data": dataset(file, "exchange/data", (3,))}
    for word, name, dims in (("white", "data_white", (3,)), ("dark", "data_dark", (3,)), ("theta", "theta", (1,))):
        if f"exchange/{name}" in file:
            found[word] = dataset(file, f"exchange/{name}", dims)
    unit = found["theta"].attrs.get("units", "degrees") if "theta" in found else "degrees"
    facts = {
        "kind": "tomography",
        "shape": tuple(map(int, found["data"].shape)),
        "modality": "CT",
        "angles_in": unit.decode() if isinstance(unit, bytes) else str(unit),
    }
    return Decoded(None, facts, arrays={word: values(one) for word, one in found.items()} if pixels else {})
