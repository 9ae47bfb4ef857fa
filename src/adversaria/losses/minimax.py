"""The two forms of the original objective."""

from torch import Tensor
from torch.nn.functional import softplus

from adversaria.losses.objective import Objective


class Minimax(Objective):
    """The minimax game (Goodfellow et al. 2014, eq. 1): the generator minimises E log(1 - D(G(z))).

    Binary cross entropy on logits; at indifference the discriminator's loss is 2 log 2 and the
    generator's -log 2.
    """

    key = "vanilla-gan"

    def real(self, score: Tensor) -> Tensor:
        """-log D."""
        return softplus(-score)

    def fake(self, score: Tensor) -> Tensor:
        """-log(1 - D)."""
        return softplus(score)

    def fooled(self, score: Tensor) -> Tensor:
        """log(1 - D)."""
        return -softplus(score)


class NonSaturating(Minimax):
    """The form trained in practice (Goodfellow et al. 2014, section 3): G minimises -E log D(G(z)).

    At indifference the generator's loss is log 2.
    """

    key = "non-saturating"

    def fooled(self, score: Tensor) -> Tensor:
        """-log D."""
        return softplus(-score)
