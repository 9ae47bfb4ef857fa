"""What every phantom is: anatomy from (seed, subject) alone, then images of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, axis, between

Array = NDArray[Any]


class Phantom(ABC):
    """A simulator with known truth, in 2D or 3D.

    `case(subject)` gives the subject's words: images and label maps (C, *S), the class as `label`, the
    generative `factors` (named by `factor_names`), tables. The same (seed, subject) gives the same anatomy
    on every grid and under every noise, dose or contrast. A subject is sick if its own number lies below
    `prevalence`, so raising it keeps the sick ones sick; with `healthy` everybody is the twin without
    lesions. Rows run from anterior to posterior and columns from the patient's right to left in 2D;
    volumes add slices from inferior to superior.
    """

    words: ClassVar[tuple[str, ...]]
    units: ClassVar[Mapping[str, str]]
    factor_names: ClassVar[tuple[str, ...]]
    classes: tuple[str, ...] = ()

    def __init__(self, size: int, dims: int, spacing: float, seed: int, prevalence: float = 0.5, healthy: bool = False):
        if dims not in self.dimensions():
            raise ValueError(
                f"{type(self).__name__} has {' or '.join(map(str, self.dimensions()))} dimensions, not {dims}"
            )
        if not 0 <= prevalence <= 1:
            raise ValueError(f"a prevalence lies between 0 and 1, not at {prevalence}")
        self.size, self.dims, self.spacing, self.seed = size, dims, spacing, seed
        self.prevalence, self.healthy = prevalence, healthy

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """How many dimensions its cases can have."""
        return 2, 3

    @abstractmethod
    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject; `healthy` gives its twin without lesions, the same otherwise."""

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the beginning of the names of all its random streams."""
        return type(self).__name__, self.seed, subject

    def sick(self, subject: int, healthy: bool = False) -> bool:
        """Tell whether a subject has lesions."""
        return not (healthy or self.healthy) and between((*self.named(subject), "sick"), 0, 1) < self.prevalence

    def axes(self, height: float = 0.0) -> Axes:
        """Coordinates (mm) of the voxels: x to the patient's left, y to the back, z up around `height`."""
        across = axis(self.size, self.spacing)
        up = axis(self.size, self.spacing, height) if self.dims == 3 else np.array([height], np.float32)
        return across, across, up

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

    def out(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring (x, y, z) to (1, rows, columns[, slices])."""
        turned = array.transpose(1, 0, 2)[None]
        return np.ascontiguousarray(turned if self.dims == 3 else turned[..., 0])
