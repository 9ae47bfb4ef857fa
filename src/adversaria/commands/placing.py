"""Images on the grid that a recipe states, and what a run makes of them back on their own."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def placed(recipe: Any, image: Any, word: str = "source") -> Any:
    """Put an image that a run starts from on the recipe's grid, if it states one."""
    grid = recipe.grid()
    return image if grid is None else grid.place(image, word in grid.labels)


def coarser(recipe: Any) -> bool:
    """Whether a run with a grid starts from fewer voxels than it gives: the grid is not that of its input then."""
    if recipe.grid() is None:
        return False
    pair = recipe.acquisitions().get(recipe.bind.get("source", "").partition("/")[0])
    return pair is not None and pair[1].smaller


def returning(recipe: Any, own: Any, word: str = "", outside: float | None = None) -> Callable[[Array], Array]:
    """What brings values (C, *S) on the recipe's grid to that of the image `own`, which was placed on it.

    `word` is what they are in the batch: labels take the nearest value. Values on any other grid than the recipe's
    stay there: the network makes its own.
    """
    grid = recipe.grid()
    if grid is None:
        return lambda array: array

    def back(array: Array) -> Array:
        same = array.shape[1:] == tuple(grid.size)
        made: Array = grid.back(array, own, word in grid.labels, outside) if same else array
        return made

    return back


def told(recipe: Any, own: Any) -> list[str]:
    """Say that the result is coarser than its voxels, and whether a part of the image was not looked at."""
    grid = recipe.grid()
    if grid is None or tuple(grid.size) == own.array.shape[1:]:
        return []
    before, size = (" x ".join(map(str, s)) for s in (own.array.shape[1:], grid.size))
    said = f"it was looked at on the recipe's grid of {size}, and the result brought back to its own {before}"
    return [said + ("; what lies outside of that grid was not looked at" if grid.leaves_out(own) else "")]
