"""Facts about this machine and its software that a run records."""

import platform
import resource
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "lightning-fabric", "monai", "numpy", "scipy", "scikit-image", "nibabel", "pydicom")


def version_of(package: str) -> str | None:
    """Version of an installed package, without importing it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def versions() -> dict[str, Any]:
    """Versions, device and start time."""
    import torch

    from adversaria import __version__

    return {
        "adversaria": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "versions": {name: version_of(name) for name in PACKAGES},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def peak_mib() -> int:
    """Largest resident memory of this process so far, in MiB; on Linux that of this program alone.

    `ru_maxrss` begins with what the process that started this one held.
    """
    place = Path("/proc/self/status")
    if place.is_file():
        for line in place.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
