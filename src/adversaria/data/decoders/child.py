"""The child process: one JSON line in, pixels into a file that the parent maps, one JSON line out.

It bounds its own memory, and never learns where results go beyond the folder that it was started with.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.decoders import cfl, dicom, hdf5, nifti, npy, raster
from adversaria.data.decoders.result import Decoded, Part, Refused

_RAW = {".cfl": cfl, ".npy": npy, ".h5": hdf5, ".hdf5": hdf5}


def kind_of(path: Path) -> Any:
    """Choose a decoder by name, then by the first bytes."""
    name = path.name.lower()
    if path.is_dir():
        return dicom
    if name.endswith((".nii", ".nii.gz")):
        return nifti
    if path.suffix.lower() in _RAW:
        return _RAW[path.suffix.lower()]
    if name.endswith((".png", ".tif", ".tiff", ".jpg", ".jpeg", ".gif", ".bmp")):
        return raster
    return dicom


def answer(request: dict[str, Any], place: Path) -> dict[str, Any]:
    """Decode one file; a refusal is an answer too."""
    path = Path(request["path"])
    try:
        if not path.exists():
            raise Refused("it does not exist", "Check the path.")
        if not path.is_dir() and not path.is_file():
            raise Refused("it is neither a file nor a folder")
        if path.is_file() and path.stat().st_size == 0:
            raise Refused("it is empty")
        return _told(kind_of(path).decode(path, request["pixels"]), place, request["number"])
    except Refused as refusal:
        return {"reason": refusal.reason, "remedy": refusal.remedy}
    except MemoryError:
        return {"reason": "it needs more memory than is allowed", "remedy": "Cut or shrink the image."}
    except Exception as error:
        return {
            "reason": f"{type(error).__name__}: {str(error)[:200]}",
            "remedy": "Restore the file from its source.",
        }


def _told(decoded: Decoded, place: Path, number: int) -> dict[str, Any]:
    told: dict[str, Any] = {"facts": decoded.facts, "warnings": decoded.warnings}
    target = place / f"{number}.pixels"
    if decoded.mapped is not None:
        told["mapped"] = decoded.mapped
        if decoded.pour is not None:
            _write(target, decoded.pour)
            told["poured"] = str(target)
    elif decoded.parts:
        told["parts"] = {name: asdict(part) for name, part in decoded.parts.items()}
    elif decoded.arrays:
        told |= {"parts": _placed(decoded.arrays), "poured": str(target)}
        _write(target, lambda file: file.write(b"".join(one.tobytes() for one in decoded.arrays.values())))
    elif decoded.array is not None:
        array = np.asarray(decoded.array, np.float32)
        # axes in the order in which they lie in memory: nothing is turned on the way
        order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        pixels = np.ascontiguousarray(array.transpose(order))
        _write(target, pixels.tofile)
        told |= {"pixels": str(target), "shape": list(pixels.shape), "order": order}
    return told


def _placed(arrays: dict[str, Any]) -> dict[str, Any]:
    """Say where arrays lie that are written one after the other."""
    found, offset = {}, 0
    for name, array in arrays.items():
        found[name] = asdict(Part(array.dtype.str, array.shape, offset))
        offset += array.nbytes
    return found


def _write(target: Path, pour: Callable[[Any], None]) -> None:
    try:
        with open(target, "wb") as file:
            pour(file)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def main() -> None:
    """Answer until the parent closes the pipe."""
    place, memory = Path(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    import warnings

    warnings.simplefilter("ignore")
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line), place)) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
