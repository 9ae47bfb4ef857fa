"""adversaria: adversarial learning for medical images, by name and by one honest protocol.

The commands are functions here too, imported when they are first used:
`adversaria.train("yang-2017b", plays=100)`.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
_COMMANDS = ("ablate", "apply", "compare", "demo", "evaluate", "measure", "report", "sample", "train")
__all__ = [*_COMMANDS, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _COMMANDS:
        raise AttributeError(f"module 'adversaria' has no attribute '{name}'")
    return getattr(importlib.import_module(f"adversaria.commands.{name}"), name)
