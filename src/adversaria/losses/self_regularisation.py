"""L12: staying close to the input."""

from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance


class SelfRegularisation(nn.Module):
    """Self-regularisation, L12 of the review: mean |output - source|^power (Shrivastava et al. 2017).

    The identity loss of CycleGAN is the same sum on samples that already lie in the target domain.
    """

    key = "L12"

    def __init__(self, power: int = 1):
        super().__init__()
        self.power = checked(power)

    def forward(self, output: Tensor, source: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        return distance(output, source, self.power)


class GreySelfRegularisation(SelfRegularisation):
    """As `SelfRegularisation`, of the means over the channels: the output keeps its input's grey image, not its colour.

    The two may have different numbers of channels.
    """

    key = "L12-grey"

    def forward(self, output: Tensor, source: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C', *S)."""
        return super().forward(output.mean(1, keepdim=True), source.mean(1, keepdim=True))
