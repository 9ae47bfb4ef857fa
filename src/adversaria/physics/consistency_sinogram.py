"""Data consistency in computed tomography."""

from torch import Tensor

from adversaria.physics.beam import Beam
from adversaria.physics.consistency import ConjugateGradient
from adversaria.physics.operator import Operator
from adversaria.physics.tempered import Tempered, tempered


class SinogramConsistency(ConjugateGradient):
    """`ConjugateGradient` for sinograms: argmin |H (A z - y)|^2 + w |z - x|^2 with H as in `Tempered`.

    Without H the eigenvalues of A* A lie 500 to 1 apart, and a few conjugate gradients neither reach the solution nor,
    which is worse, its gradient: the implicit one then points anywhere. With it, w counts against 1, as in magnetic
    resonance, and three steps suffice. `weight` is ours.
    """

    key = "sinogram-consistency"

    def __init__(self, weight: float = 0.2, steps: int = 3, tolerance: float = 1e-6):
        super().__init__(weight, steps, tolerance)

    def forward(self, x: Tensor, measurement: Tensor, physics: Operator) -> Tensor:
        """Solve for the image."""
        if not isinstance(physics, Beam):
            raise ValueError(f"{type(physics).__name__} has no views: use ConjugateGradient")
        return super().forward(x, tempered(measurement, physics), Tempered(physics))
