"""The least-squares objective."""

from torch import Tensor

from adversaria.losses.objective import Objective


class LeastSquares(Objective):
    """Least squares (Mao et al. 2017, eq. 2): scores are drawn to labels.

    D: 1/2 E (D(x) - b)^2 + 1/2 E (D(G(z)) - a)^2,   G: 1/2 E (D(G(z)) - c)^2

    with a the `fake_label`, b the `real_label` and c the `fooled_label`. (0, 1, 1) is the usual choice;
    (-1, 1, 0) makes the generator's game a Pearson divergence. `scale` is the paper's 1/2; code in the
    manner of CycleGAN has 1.
    """

    key = "lsgan"

    def __init__(
        self,
        scale: float = 0.5,
        real_label: float = 1.0,
        fake_label: float = 0.0,
        fooled_label: float = 1.0,
    ):
        super().__init__()
        self.scale = scale
        self.real_label, self.fake_label, self.fooled_label = real_label, fake_label, fooled_label

    def real(self, score: Tensor) -> Tensor:
        """Squared distance to b."""
        return self.scale * (score - self.real_label).square()

    def fake(self, score: Tensor) -> Tensor:
        """Squared distance to a."""
        return self.scale * (score - self.fake_label).square()

    def fooled(self, score: Tensor) -> Tensor:
        """Squared distance to c."""
        return self.scale * (score - self.fooled_label).square()
