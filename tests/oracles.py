"""Other people's measures that tests compare with; `tests/requirements.txt` names them.

piq imports torchvision for networks that no test uses. It is not needed here, and where it was built for another
torch it cannot be imported: empty classes stand in for it while piq is imported.
"""

import importlib
import sys
import warnings
from types import ModuleType
from typing import Any

PARTS = ("", ".models", ".models.inception")


class _Empty(ModuleType):
    """A module whose parts are modules like it, and in which every other name is an empty class."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return sys.modules.get(f"{self.__name__}.{name}") or type(name, (), {})


def oracle(name: str) -> ModuleType:
    """Import another library's module, or say how to get it: a test does not pass by leaving out its oracle."""
    kept = {place: sys.modules.get(place) for place in (f"torchvision{part}" for part in PARTS)}
    sys.modules.update({place: _Empty(place) for place in kept})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise AssertionError(f"{error}: pip install --no-deps -r tests/requirements.txt") from error
    finally:
        for place, module in kept.items():
            sys.modules.pop(place)
            if module is not None:
                sys.modules[place] = module
