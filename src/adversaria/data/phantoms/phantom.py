"""What every phantom is: anatomy from (seed, subject) alone, then images of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Phantom(ABC):
    """A simulator with known truth, in 2D or 3D.

    `case(subject)` gives the subject's words: images and label maps (1, *S), tables, factors. The same
    (seed, subject) gives the same anatomy on every grid and under every noise, dose or contrast. Rows run
    from anterior to posterior and columns from the patient's right to left in 2D; volumes add slices
    from inferior to superior.
    """

    words: ClassVar[tuple[str, ...]]
    units: ClassVar[Mapping[str, str]]

    def __init__(self, size: int, dims: int, spacing: float, seed: int):
        if dims not in (2, 3):
            raise ValueError(f"a phantom has 2 or 3 dimensions, not {dims}")
        self.size, self.dims, self.spacing, self.seed = size, dims, spacing, seed

    @abstractmethod
    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject; `healthy` gives its twin without lesions, the same otherwise."""

    def spacings(self) -> tuple[float, ...]:
        """Millimetres along each spatial axis."""
        return (self.spacing,) * self.dims

    def affine(self) -> NDArray[np.float64]:
        """Voxel indices to RAS millimetres: columns run to the left, rows to posterior, slices up."""
        affine = np.zeros((4, 4))
        affine[1, 0], affine[0, 1], affine[2, 2], affine[3, 3] = -self.spacing, -self.spacing, self.spacing, 1
        return affine

    def describe(self) -> str:
        """Name the phantom and its knobs."""
        knobs = {k: v for k, v in vars(self).items() if isinstance(v, int | float | str | bool | tuple)}
        return f"{type(self).__name__} {sorted(knobs.items())}"
