"""Raw data of a scanner as an image: what it was reconstructed to directly, and beside it the raw words of a batch.

K-space comes as BART's `.cfl` with `.hdr`, or in HDF5 as fastMRI stores it; sinograms as `.npy` or NIfTI with a
geometry file, or in HDF5 as tomopy reads them.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.found import KSPACE, RAW_SUFFIXES
from adversaria.data.geometry import sidecar
from adversaria.data.guard import UnreadableImage, decode, decode_raw
from adversaria.data.image import Image


def is_raw(path: Path) -> bool:
    """Whether a file holds raw data: by its ending, or as a NIfTI file with a geometry beside it."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return sidecar(path).is_file()
    return name.endswith(RAW_SUFFIXES)


def brings_measurement(path: Path) -> bool:
    """Whether a file is k-space or a sinogram, and no image: of .cfl files their name tells."""
    return is_raw(path) and (path.suffix.lower() != ".cfl" or path.stem.lower() in KSPACE)


def read_raw(path: Path) -> Image:
    """Read raw data; raise UnreadableImage with the reason and the remedy. The image is in the unit of the data.

    `raw` holds `measurement`, and `sampling` and `coils`, or `angles`, as the vocabulary has them, and the
    reconstructed image itself as `complex` where it is.
    """
    from adversaria.data.raw_kspace import from_bart, from_fastmri
    from adversaria.data.raw_sinogram import from_exchange, from_sinogram

    if path.name.lower().endswith((".nii", ".nii.gz")):
        array, facts, warnings = decode(path)
        assert array is not None
        return from_sinogram(finite(array[0], path), path, warnings)
    parts, facts, warnings = decode_raw(path)
    for name, array in parts.items():
        finite(array, path, "" if name == "values" else f" in '{name}'")
    if facts["kind"] == "cfl":
        return from_bart(parts["values"], path)
    if facts["kind"] == "npy":
        return from_sinogram(real(parts["values"], path), path, warnings)
    if facts["kind"] == "k-space":
        return from_fastmri(parts, facts, path)
    return from_exchange(parts, facts, path)


def finite(array: NDArray[Any], path: Path, where: str = "") -> NDArray[Any]:
    """Refuse values that are not numbers."""
    wrong = array.size - int(np.isfinite(array).sum())
    if wrong:
        raise UnreadableImage(
            f"{path} cannot be read: {wrong} of its values{where} are not numbers.",
            "Leave it out, or mend the export: raw data with holes reconstruct to nothing.",
        )
    return array


def real(array: NDArray[Any], path: Path) -> NDArray[np.float32]:
    """Refuse a complex sinogram."""
    if np.iscomplexobj(array):
        raise UnreadableImage(
            f"{path} is complex: it is no sinogram.",
            "Write k-space as .cfl with .hdr, or as HDF5 with a data set `kspace`.",
        )
    return np.asarray(array, np.float32)


def described(image: Image) -> str:
    """Say what raw data a file brought; empty where it brought none."""
    if "measurement" not in image.raw:
        return ""
    size = "x".join(map(str, image.raw["measurement"].shape[1:]))
    if "angles" in image.raw:
        return f"a sinogram of {size} (views, detector elements, slices), axis at element {image.facts['axis']:.2f}"
    coils = len(image.raw["measurement"])
    return f"k-space of {size}, {coils} coil{'s' if coils > 1 else ''}, {image.facts['sampled']:.1%} sampled"
