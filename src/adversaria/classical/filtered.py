"""Filtered back-projection."""

from torch import Tensor

from adversaria.physics.beam import Beam


class FilteredBackProjection:
    """Filtered back-projection with the ramp (Kak and Slaney 1988, chapter 3): sinogram to 1/cm.

    `resolution` in mm (full width at half maximum) blurs the noise as a soft kernel does; 0 is the bare ramp.
    """

    key = "filtered-back-projection"

    def __init__(self, resolution: float = 0.0):
        self.resolution = resolution

    def __call__(self, measurement: Tensor, physics: Beam) -> Tensor:
        """Reconstruct (B, C, size, size)."""
        return physics.inverse(measurement, self.resolution)
