"""What a number was measured on, in words, and with which versions."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "adversaria", "torch", "monai", "torchmetrics", "scikit-image", "pytorch-msssim", "torchgan", "pydicom",
    "nibabel", "pillow", "numpy",
)  # fmt: skip
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def facts() -> dict[str, Any]:
    """Describe this machine and this environment as they are now."""
    return {
        "machine": machine(),
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def machine() -> str:
    """Processor, cores and memory."""
    cpu, flags = platform.machine(), ""
    place = Path("/proc/cpuinfo")
    if place.is_file():
        lines = dict(line.split(":", 1) for line in place.read_text().splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in lines.items()}
        family = f"family {named['cpu family']} model {named['model']}" if "cpu family" in named else ""
        known = [flag for flag in FLAGS if flag in named.get("flags", "").split()]
        cpu, flags = f"{cpu}, {named.get('model name', '')} ({family})", f", {' '.join(known)}"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores {cpu}{flags}, {memory:.0f} GiB of memory, no accelerator used"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
