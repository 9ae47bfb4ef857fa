"""L6: as sharp as the target, as a network sees it."""

from torch import Tensor, nn

from adversaria.losses.perceptual import Perceptual


class Sharpness(Perceptual):
    """Sharpness loss, L6 of the review: mean (S(output) - S(target))^2 (Yi and Babyn 2018).

    S, `network`, is frozen and gives a map of local sharpness; the paper trains it on blurred images with the map
    of the operator `SharpnessMap` as target (recipe `sharpness`). One for images sees a volume slice by slice. There
    is no network to fall back on.
    """

    key = "L6"

    def __init__(self, network: nn.Module):
        super().__init__(network, power=2)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]
        """Compare (B, C, *S) with (B, C, *S)."""
        return super().forward(output, target)
