"""HDF5: raw data sets under known names, whole and within the file."""

from pathlib import Path

from adversaria.data.decoders import exchange, kspace
from adversaria.data.decoders.result import Decoded, Refused


def decode(path: Path, pixels: bool = True) -> Decoded:
    """Decode k-space as fastMRI stores it, or tomography as the Data Exchange format does."""
    try:
        import h5py
    except ImportError:
        raise Refused("h5py is not installed", "Install it: pip install h5py.") from None
    try:
        with h5py.File(path, "r") as file:
            for name, form in (("kspace", kspace), ("exchange/data", exchange)):
                if name in file:
                    return form.decode(file, pixels)
            if "dataset" in file and "data" in file["dataset"]:
                raise Refused(
                    "it holds single ISMRMRD acquisitions, not sorted k-space",
                    "Sort them into a data set `kspace` (slices, coils, rows, columns), as fastMRI does.",
                )
            names = ", ".join(map(repr, list(file)[:8]))
            raise Refused(
                f"it holds {names or 'nothing'}, neither `kspace` nor `exchange/data`", "See docs/raw-data.md."
            )
    except Refused:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise Refused(f"it is no HDF5 file that can be read, or only half written: {str(error)[:160]}") from None
