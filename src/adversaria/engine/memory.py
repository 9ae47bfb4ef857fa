"""Freed memory stays with a process that trains on a CPU, instead of being fetched anew in every play."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt
_NEVER, _LARGE = -1, 2**30


def keep_freed_memory() -> bool:
    """Tell glibc not to give freed memory back before the process ends, and say whether it obeyed.

    By default it returns every block above some MiB at once, so the activations and gradients of each play are
    faulted in again page by page: a tenth of the time of a U-Net's step. The setting holds for the whole
    process; the peak of its memory stays, what it holds between peaks does not fall. Tensors of 1 GiB and more
    are still given back. Other allocators (musl, macOS, Windows) are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _NEVER)) and bool(mallopt(_MMAP_THRESHOLD, _LARGE))
