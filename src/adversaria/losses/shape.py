"""L7: a translation that a segmenter still reads the same labels from."""

from torch import Tensor, nn

from adversaria.losses.segmentation import LabelCrossEntropy, SoftDice
from adversaria.vocabulary import UserError


class ShapeConsistency(nn.Module):
    """Shape consistency, L7 of the review: `cross_entropy` CE(S(output), mask) + `dice` (1 - Dice).

    S is a segmenter of the target domain that gives logits (B, K, *S), `mask` the label map (B, 1, *S) of the
    source, carried over through the translation. `network` is a frozen S (Zhang et al. 2018c, Chen et al. 2018a);
    without it the game trains its own and feeds it by the word `segmenter`, and S gets a gradient from its own turn
    (Zhang et al. 2018d; Huo et al. 2018, trained on translations). UserError: neither.
    """

    key = "L7"

    def __init__(self, network: nn.Module | None = None, cross_entropy: float = 1.0, dice: float = 0.0):
        super().__init__()
        self.network = None if network is None else network.eval().requires_grad_(False)
        self.cross_entropy, self.dice = cross_entropy, dice
        self.entropy, self.overlap = LabelCrossEntropy(), SoftDice()

    def train(self, mode: bool = True) -> "ShapeConsistency":
        """Keep a frozen segmenter in evaluation mode."""
        super().train(mode)
        if self.network is not None:
            self.network.eval()
        return self

    def forward(self, output: Tensor, mask: Tensor, segmenter: nn.Module | None = None) -> Tensor:
        """Compare what S finds in an image (B, C, *S) with labels (B, 1, *S)."""
        look = segmenter if self.network is None else self.network
        if look is None:
            raise UserError(
                "the shape term has no segmenter: this game trains none.",
                "Give the term a trained network, or choose a game with a segmenter.",
            )
        logits = look(output)
        terms = [(self.cross_entropy, self.entropy), (self.dice, self.overlap)]
        found = [weight * term(logits, mask) for weight, term in terms if weight]
        return sum(found[1:], start=found[0]) if found else logits.sum() * 0
