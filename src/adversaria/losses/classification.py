"""L14: an image that a classifier still knows."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.vocabulary import UserError


class Classification(nn.Module):
    """Classification, L14 of the review: cross entropy of C(output) with the case's class, in nats.

    C gives logits (B, K), `label` is (B,). `network` is a frozen C; without it the game trains its own and feeds it
    by the word `classifier`. A head of the discriminator is the business of a game like `ACGAN`. UserError: neither.
    """

    key = "L14"

    def __init__(self, network: nn.Module | None = None):
        super().__init__()
        self.network = None if network is None else network.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> "Classification":
        """Keep a frozen classifier in evaluation mode."""
        super().train(mode)
        if self.network is not None:
            self.network.eval()
        return self

    def forward(self, output: Tensor, label: Tensor, classifier: nn.Module | None = None) -> Tensor:
        """Compare what C sees in an image (B, C, *S) with its class (B,)."""
        look = classifier if self.network is None else self.network
        if look is None:
            raise UserError(
                "the classification term has no classifier: this game trains none.",
                "Give the term a trained network, or choose a game with a classifier.",
            )
        logits = look(output)
        return cross_entropy(logits.to(torch.promote_types(logits.dtype, torch.float32)), label)
