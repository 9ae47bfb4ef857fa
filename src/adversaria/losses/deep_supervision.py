"""Supervision of a segmenter at several depths."""

from collections.abc import Sequence

from torch import Tensor, nn

from adversaria.losses.segmentation import LabelCrossEntropy, SoftDice


class DeepSupervision(nn.Module):
    """Deep supervision (Lee et al. 2015; Dou et al. 2016, eq. 3): sum_d w_d loss(output_d, mask).

    w_d = max(2^-d, 1/16); MONAI's, in single precision. `output` are logits (B, K, *S) of one or several depths,
    finest first; where one is smaller than `mask` (B, 1, *S), labels are taken by the nearest voxel.
    The loss is `cross_entropy` times the cross entropy and `dice` times the soft Dice loss.
    """

    key = "L-deep-supervision"

    def __init__(self, cross_entropy: float = 1.0, dice: float = 0.0):
        super().__init__()
        from monai.losses.ds_loss import DeepSupervisionLoss

        self.loss = DeepSupervisionLoss(_Sum(cross_entropy, dice), weight_mode="exp")

    def forward(self, output: Tensor | Sequence[Tensor], mask: Tensor) -> Tensor:
        """Compare logits of every depth with labels."""
        found = self.loss(output if isinstance(output, Tensor) else list(output), mask)
        assert isinstance(found, Tensor)
        return found


class _Sum(nn.Module):
    """A weighted sum of cross entropy and soft Dice."""

    def __init__(self, cross_entropy: float, dice: float):
        super().__init__()
        self.parts = ((cross_entropy, LabelCrossEntropy()), (dice, SoftDice()))

    def forward(self, output: Tensor, mask: Tensor) -> Tensor:
        """Compare logits with labels."""
        terms = [weight * part(output, mask) for weight, part in self.parts if weight]
        return sum(terms[1:], terms[0])
