"""The image that undersampled k-space gives with zeros where nothing was measured."""

from typing import Any

from torch import Tensor

from adversaria.physics import Operator


class ZeroFilled:
    """The operator's `inverse`: zero-filled, coils combined, and off the grid weighed by density."""

    key = "zero-filled"

    def __call__(self, measurement: Tensor, physics: Operator) -> Tensor:
        """Reconstruct."""
        inverse: Any = physics.inverse
        image: Tensor = inverse(measurement)
        return image
