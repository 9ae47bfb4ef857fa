"""L3: cycle consistency."""

from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance


class Cycle(nn.Module):
    """Cycle consistency, L3 of the review, in one direction: mean |F(G(image)) - image|^power.

    Zhu et al. 2017, eq. 2 adds both directions; a game calls it twice.
    """

    key = "L3"

    def __init__(self, power: int = 1):
        super().__init__()
        self.power = checked(power)

    def forward(self, restored: Tensor, image: Tensor) -> Tensor:
        """Compare an image (B, C, *S) with its return."""
        return distance(restored, image, self.power)
