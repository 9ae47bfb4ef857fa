"""Total variation for tomography."""

from torch import Tensor

from adversaria.classical.total_variation import TotalVariation
from adversaria.physics import Operator
from adversaria.physics.beam import Beam
from adversaria.physics.tempered import Tempered, tempered


class BeamTotalVariation(TotalVariation):
    """`TotalVariation` of a sinogram whose misfit is weighed so that all frequencies settle at one pace.

    argmin_x  |H (A x - y)|^2 / (2 |H A|^2) + weight m TV(x),  where H filters each view by the root of min(f, c), f the
    frequency and c = views / (pi detectors), up to which neighbouring views overlap. A* A weighs an image's frequencies
    by 1 / f below c, so that without H (a preconditioner, as in Fessler and Booth 1999) fine detail needs thousands of
    steps. Noise counts a little more at high frequencies than the white noise of a sinogram deserves.
    """

    key = "total-variation-ct"

    def __init__(self, weight: float = 1e-2, steps: int = 40, inner: int = 10):
        super().__init__(weight, steps, inner)

    def __call__(self, measurement: Tensor, physics: Operator) -> Tensor:
        """Reconstruct (B, C, size, size)."""
        if not isinstance(physics, Beam):
            raise TypeError(f"{type(physics).__name__} has no views to filter: use TotalVariation")
        return super().__call__(tempered(measurement, physics), Tempered(physics))
