"""Maximum likelihood for counts."""

from torch import Tensor

from adversaria.physics import Operator, mlem


class MLEM:
    """Expectation maximisation of the Poisson likelihood (Shepp and Vardi 1982), `physics.mlem`, stopped early.

    `background` are the expected scattered and random counts, in the unit of the measurement.
    """

    key = "mlem"

    def __init__(self, iterations: int = 30, background: float = 0.0):
        self.iterations, self.background = iterations, background

    def __call__(self, measurement: Tensor, physics: Operator) -> Tensor:
        """Reconstruct the activity."""
        return mlem(physics, measurement, self.iterations, self.background)
