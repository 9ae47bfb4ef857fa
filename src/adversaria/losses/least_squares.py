"""The least-squares objective."""

from torch import Tensor

from adversaria.losses.objective import Objective


class LeastSquares(Objective):
    """Least squares (Mao et al. 2017, eq. 2): D to `real_label` and `fake_label`, G to `real_label`.

    `scale` is the paper's 1/2; code in the manner of CycleGAN has 1.
    """

    key = "lsgan"

    def __init__(self, scale: float = 0.5, real_label: float = 1.0, fake_label: float = 0.0):
        super().__init__()
        self.scale, self.real_label, self.fake_label = scale, real_label, fake_label

    def real(self, score: Tensor) -> Tensor:
        """Squared distance to the real label."""
        return self.scale * (score - self.real_label).square()

    def fake(self, score: Tensor) -> Tensor:
        """Squared distance to the fake label."""
        return self.scale * (score - self.fake_label).square()

    def fooled(self, score: Tensor) -> Tensor:
        """Squared distance to the real label."""
        return self.scale * (score - self.real_label).square()
