"""What is installed, what is missing, and why it matters."""

import shutil
from importlib.util import find_spec

NEEDED = (
    "torch",
    "lightning_fabric",
    "monai",
    "nibabel",
    "pydicom",
    "safetensors",
    "skimage",
    "sklearn",
    "matplotlib",
)
OPTIONAL = {
    "tensorboard": "live curves in TensorBoard: pip install 'adversaria[tensorboard]'",
    "pylibjpeg": "compressed DICOM (JPEG, JPEG 2000): pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg",
    "h5py": "raw data in HDF5, as fastMRI and tomopy store them: pip install h5py",
    "torchkbnufft": "radial and spiral k-space: pip install 'adversaria[nufft]'",
    "highdicom": "DICOM segmentation objects: pip install 'adversaria[seg]'",
    "torchvision": "nothing here requires it",
}
PROGRAMS = {"dciodvfy": "checking DICOM that we write (package dicom3tools)"}


def doctor(*, json: bool = False) -> list[dict[str, str]]:
    """Say what is installed, what is missing and why it matters.

    Parameters
    ----------
    json
        Print a JSON list.
    """
    import json as encoding
    import os

    rows = [{"name": name, "state": _state(name), "why": "required"} for name in NEEDED]
    rows += [{"name": name, "state": _state(name), "why": why} for name, why in OPTIONAL.items()]
    rows += [
        {"name": name, "state": "found" if shutil.which(name) else "missing", "why": why}
        for name, why in PROGRAMS.items()
    ]
    rows.append({"name": "cpu", "state": f"{os.cpu_count()} cores", "why": "bf16 " + _bf16()})
    if json:
        print(encoding.dumps(rows, indent=1))
    else:
        width = max(len(row["name"]) for row in rows)
        for row in rows:
            print(f"{row['name']:<{width}}  {row['state']:<10} {row['why']}")
    return rows


def _state(name: str) -> str:
    return "found" if find_spec(name) else "missing"


def _bf16() -> str:
    """Whether this processor computes in bf16, from the flags the kernel shows."""
    from pathlib import Path

    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return "in hardware" if "avx512_bf16" in flags or "amx_bf16" in flags else "only emulated: expect it to be slow"
