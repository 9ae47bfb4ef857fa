"""Terms that compare a segmentation with a label map."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot


def label_maps(mask: Tensor, classes: int) -> Tensor:
    """Give the label map (B, 1, *S) as one map of 0 and 1 for each class: (B, classes, *S)."""
    return one_hot(mask[:, 0].round().long().clamp(0, classes - 1), classes).movedim(-1, 1)


class LabelCrossEntropy(nn.Module):
    """Cross entropy at every voxel: mean of -log softmax(output)[mask]; L14 of the review for label maps.

    `output` are logits (B, K, *S), `mask` labels (B, 1, *S), in nats. `balance` weighs the classes (one number each,
    equal if none): sum_v w(y_v) l_v / sum_v w(y_v).
    """

    key = "L14-map"

    def __init__(self, balance: tuple[float, ...] = ()):
        super().__init__()
        self.balance = tuple(balance)

    @property
    def couples_samples(self) -> bool:
        """Weights of labels count the batch's voxels."""
        return bool(self.balance)

    def forward(self, output: Tensor, mask: Tensor) -> Tensor:
        """Compare logits with labels."""
        logits = output.float() if output.dtype.itemsize < 4 else output
        weights = logits.new_tensor(self.balance) if self.balance else None
        return cross_entropy(logits, mask[:, 0].round().long(), weights)


class SoftDice(nn.Module):
    """Soft Dice loss (Milletari et al. 2016): 1 - mean over foreground classes of (2 sum p y + e) / (sum p + y + e).

    For each sample and class, then averaged; `output` are logits (B, K, *S), `mask` labels (B, 1, *S).
    """

    key = "L-dice"

    def __init__(self, smooth: float = 1.0):
        super().__init__()
        self.smooth = smooth

    def forward(self, output: Tensor, mask: Tensor) -> Tensor:
        """Compare logits with labels."""
        share = torch.softmax(output.float() if output.dtype.itemsize < 4 else output, 1)[:, 1:].flatten(2)
        truth = label_maps(mask, output.shape[1])[:, 1:].flatten(2).to(share.dtype)
        both, sizes = (share * truth).sum(2), share.sum(2) + truth.sum(2)
        return 1 - ((2 * both + self.smooth) / (sizes + self.smooth)).mean()
