"""Segmentation in which a network tells annotated images from unannotated ones by their results."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import SGD, Adam
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class UnannotatedAdversarial(Game):
    """Deep adversarial network with unannotated images (Zhang et al. 2017, DAN, eq. 1 and 2).

    segmenter:  l_mce(S(x), y) + 0.1 [-log E(S(u), u)]
    evaluator:  -log E(S(x), x) - log(1 - E(S(u), u))

    x are annotated images (`source`, `mask`), u unannotated ones (`unlabelled`). E never sees a true map: it tells the
    results on annotated images (1) from those on others (0), and S makes the latter as good. E sees the image times
    the probability of each class. `terms` compare the logits `output` with `mask`.
    """

    key = "dan"
    segments = True
    players = {"segmenter": ("segmenter",), "evaluator": ("evaluator",)}
    optimisers = {"segmenter": SGD(1e-2, 0.9), "evaluator": Adam(1e-4, (0.9, 0.99))}

    def __init__(
        self,
        segmenter: nn.Module,
        evaluator: nn.Module,
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 0.1,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.segmenter, self.evaluator, self.classes = segmenter, evaluator, classes
        self.adversarial, self.adversarial_weight, self.terms = adversarial, adversarial_weight, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class; the evaluator sees the image once for each."""
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "evaluator": {"in_channels": "+".join(["source"] * classes), "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Evaluator, then segmenter."""
        known, other = batch["source"], batch["unlabelled"]
        with torch.no_grad():
            results = self.seen(known, self.segmenter(known))
        logits = self.segmenter(other)
        yield (
            "evaluator",
            {
                "adversarial": self.adversarial.discriminator(
                    self.evaluator(results), self.evaluator(self.seen(other, logits))
                )
            },
        )
        score = self.evaluator(self.seen(other, logits))
        yield (
            "segmenter",
            {
                **self.terms(batch, output=self.segmenter(known)),
                "unlabelled": self.adversarial_weight * self.adversarial.generator(score),
            },
        )

    @staticmethod
    def seen(image: Tensor, logits: Tensor) -> Tensor:
        """The image (B, C, *S) times the probability of each class: (B, C K, *S)."""
        return (image[:, None] * torch.softmax(logits, 1)[:, :, None]).flatten(1, 2)

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = torch.softmax(self.segmenter(batch["source"]), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
