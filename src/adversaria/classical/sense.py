"""Iterative SENSE."""

from torch import Tensor

from adversaria.physics import Operator
from adversaria.physics.consistency import conjugate_gradient


class CGSense:
    """Conjugate-gradient SENSE (Pruessmann et al. 2001): argmin |A x - y|^2 + weight |x|^2 by `steps` steps.

    For `MultiCoil` and `NonUniformFourier`, in fact for any linear operator. Stopping early regularises like the
    weight does; `steps` trades what is still folded against noise. Complex images in the unit of the maps' object.
    """

    key = "cg-sense"

    def __init__(self, steps: int = 10, weight: float = 0.0):
        self.steps, self.weight = steps, weight

    def __call__(self, measurement: Tensor, physics: Operator) -> Tensor:
        """Reconstruct."""
        return conjugate_gradient(physics, physics.adjoint(measurement), self.weight, self.steps, 1e-8)
