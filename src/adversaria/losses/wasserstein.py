"""The Wasserstein objective."""

from torch import Tensor

from adversaria.losses.objective import Objective


class Wasserstein(Objective):
    """Wasserstein (Arjovsky et al. 2017, eq. 2): E f(G(z)) - E f(x) for the critic, -E f(G(z)) for G.

    Meaningful only for a critic kept Lipschitz, by clipping or a gradient penalty.
    """

    key = "wgan"

    def real(self, score: Tensor) -> Tensor:
        """-f."""
        return -score

    def fake(self, score: Tensor) -> Tensor:
        """Give f."""
        return score

    def fooled(self, score: Tensor) -> Tensor:
        """-f."""
        return -score
