"""Segmentation that is trained on the worst of small changes of its input."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, Terms, Weighted
from adversaria.vocabulary import Batch


class AdversarialExamples(Game):
    """Adversarial training of a segmenter without a discriminator (Zhu et al. 2018, eq. 3; Goodfellow et al. 2015).

    min_S  L(S(x), y) + weight L(S(x + r), y),   r = epsilon g / ||g||_2,   g = grad_x L(S(x), y)

    r is held constant: no gradient goes through it. The norm is taken over a sample's entries. `terms` are L and
    compare the logits `output` with `mask`. Reads `source` and `mask` (labels, B 1 S).
    """

    key = "adversarial-examples"
    segments = True
    players = {"segmenter": ("segmenter",)}
    optimisers = {"segmenter": Adam(3e-3)}

    def __init__(
        self,
        segmenter: nn.Module,
        classes: int = 2,
        epsilon: float = 0.1,
        weight: float = 1.0,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.segmenter, self.classes, self.terms = segmenter, classes, terms
        self.epsilon, self.weight = epsilon, weight

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class."""
        return {"segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"}}

    def play(self, batch: Batch) -> Play:
        """One turn, on the image and on the image moved where the loss rises most."""
        image = batch["source"]
        moved = image + self.perturbation(batch)
        losses = self.terms(batch, output=self.segmenter(image))
        worst = self.terms(batch, "moved_", output=self.segmenter(moved))
        yield "segmenter", {**losses, **{name: self.weight * loss for name, loss in worst.items()}}

    def perturbation(self, batch: Batch) -> Tensor:
        """The step r (B, C, *S) of length epsilon along the gradient of the loss by the image."""

        def loss(image: Tensor) -> Tensor:
            found = self.terms(batch, output=self.segmenter(image))
            return torch.stack(list(found.values())).sum()

        with torch.enable_grad():
            leaf = batch["source"].clone().requires_grad_(True)
            (slope,) = torch.autograd.grad(loss(leaf), leaf)
        length = slope.flatten(1).norm(dim=1).clamp_min(torch.finfo(slope.dtype).tiny)
        return self.epsilon * slope / length.view(-1, *[1] * (slope.ndim - 1))

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = torch.softmax(self.segmenter(batch["source"]), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
