"""The hinge objective."""

from torch import Tensor
from torch.nn.functional import relu

from adversaria.losses.objective import Objective


class Hinge(Objective):
    """Hinge (Lim and Ye 2017; Miyato et al. 2018, eq. 16-17): margins of 1 for D, -E D(G(z)) for G."""

    key = "hinge-gan"

    def real(self, score: Tensor) -> Tensor:
        """max(0, 1 - D)."""
        return relu(1 - score)

    def fake(self, score: Tensor) -> Tensor:
        """max(0, 1 + D)."""
        return relu(1 + score)

    def fooled(self, score: Tensor) -> Tensor:
        """-D."""
        return -score
