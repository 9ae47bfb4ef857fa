"""Segmentation with a discriminator of label maps."""

import torch
from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Terms, Weighted
from adversaria.losses.segmentation import label_maps
from adversaria.vocabulary import Batch


class AdversarialSegmentation(Game):
    """Semantic segmentation using adversarial networks (Luc et al. 2016, eq. 1-3).

    segmenter:     l_mce(S(x), y) + 0.1 [-log D(x, S(x))] [+ unlabelled (-log D(u, S(u)))]
    discriminator: -log D(x, y) - log(1 - D(x, S(x)))

    D sees the probabilities of `classes` classes, or the true map as zeros and ones, with the image beside them.
    The non-saturating form is the paper's (end of section 3.1); 0.1 is its weight on Pascal VOC. `terms` compare
    the logits `output` with `mask`. With `unlabelled` > 0 images without labels (the word `unlabelled`) enter the
    segmenter's adversarial loss only (Zhang et al. 2017). Reads `source` and `mask` (labels, B 1 S).
    """

    key = "sem-seg-adversarial"
    players = {"segmenter": ("segmenter",), "discriminator": ("discriminator",)}
    optimisers = {"segmenter": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        segmenter: nn.Module,
        discriminator: nn.Module,
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 0.1,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
        unlabelled: float = 0.0,
    ):
        super().__init__()
        self.segmenter, self.discriminator, self.classes = segmenter, discriminator, classes
        self.adversarial, self.terms = adversarial, terms
        self.adversarial_weight, self.unlabelled = adversarial_weight, unlabelled

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class; the discriminator sees these and the image."""
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "discriminator": {"in_channels": classes, "condition_channels": "source", "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then segmenter."""
        image, logits = batch["source"], self.segmenter(batch["source"])
        found, truth = torch.softmax(logits, 1), label_maps(batch["mask"], self.classes).to(logits.dtype)
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(
                    self.discriminator(truth, image), self.discriminator(found, image)
                )
            },
        )
        losses = self.terms(batch, output=logits)
        if self.adversarial_weight:
            score = self.adversarial.generator(self.discriminator(found, image))
            losses["adversarial"] = self.adversarial_weight * score
        if self.unlabelled:
            other = batch["unlabelled"]
            score = self.discriminator(torch.softmax(self.segmenter(other), 1), other)
            losses["unlabelled"] = self.unlabelled * self.adversarial.generator(score)
        yield "segmenter", losses

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = torch.softmax(self.segmenter(batch["source"]), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
