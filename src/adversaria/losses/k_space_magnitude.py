"""L15: fidelity of the magnitudes of k-space."""

from torch import Tensor, nn

from adversaria.losses.k_space import k_space
from adversaria.losses.pixel import checked, distance


class KSpaceMagnitude(nn.Module):
    """k-space fidelity without phase, a form of L15 of the review: mean | |FFT(output)| - |FFT(target)| |^power.

    Over the whole plane, as DAGAN has it (Yang et al. 2018). The transform is orthonormal; one channel is a real image,
    two the parts of a complex one.
    """

    key = "L15"

    def __init__(self, power: int = 2):
        super().__init__()
        self.power = checked(power)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, 1 or 2, *S) with (B, 1 or 2, *S)."""
        return distance(k_space(output).abs(), k_space(target).abs(), self.power)
