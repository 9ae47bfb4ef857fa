"""The Dice loss whose classes weigh by the inverse of their size."""

import torch
from torch import Tensor, nn


class GeneralisedDice(nn.Module):
    """Generalised Dice loss (Sudre et al. 2017, eq. 1): 1 - 2 sum_k w_k sum r p / sum_k w_k sum (r + p).

    w_k = 1 / |r_k|^2; MONAI's. For each sample, then averaged; a class that a sample does not have takes the largest
    weight of the others. `output` are logits (B, K, *S), `mask` labels (B, 1, *S); the background counts as a class.
    """

    key = "L-generalised-dice"

    def __init__(self) -> None:
        super().__init__()
        from monai.losses.dice import GeneralizedDiceLoss

        self.loss = GeneralizedDiceLoss(to_onehot_y=True, softmax=True)

    def forward(self, output: Tensor, mask: Tensor) -> Tensor:
        """Compare logits with labels."""
        found = self.loss(output.to(torch.promote_types(output.dtype, torch.float32)), mask.round())
        assert isinstance(found, Tensor)
        return found
