"""The peers that are measured side by side, imported only when their section runs."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

REMEDY = "pip install --no-deps -r benchmarks/requirements.txt"


def torchgan() -> ModuleType:
    """Give torchgan's losses. It also imports torchvision for pictures and wget for downloads, unused here."""
    with absent("torchvision", "wget"):
        return peer("torchgan.losses")


def peer(name: str) -> ModuleType:
    """Import a peer, or say how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"the peer {name} cannot be imported ({error}): {REMEDY}") from error


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let modules that are imported but not used be empty, for the time of an import."""
    empty = [name for name in names if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in empty})
    try:
        yield
    finally:
        for name in empty:
            del sys.modules[name]
