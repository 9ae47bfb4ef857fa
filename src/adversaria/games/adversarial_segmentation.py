"""Segmentation with a discriminator of label maps."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

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
    segmenter's adversarial loss only. With `conditional=False` D sees maps alone. D steps at every
    `discriminator_every`-th play; the paper has 1. A segmenter with deep supervision gives a list of logits, finest
    first, for its terms; D sees the finest. Reads `source` and `mask` (labels, B 1 S).
    """

    key = "sem-seg-adversarial"
    segments = True
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
        conditional: bool = True,
        discriminator_every: int = 1,
    ):
        super().__init__()
        self.segmenter, self.discriminator, self.classes = segmenter, discriminator, classes
        self.adversarial, self.terms = adversarial, terms
        self.adversarial_weight, self.unlabelled = adversarial_weight, unlabelled
        self.conditional, self.discriminator_every = conditional, discriminator_every

    @classmethod
    def wiring(cls, classes: int = 2, conditional: bool = True) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class; the discriminator sees these and the image."""
        condition: dict[str, str | int] = {"condition_channels": "source"} if conditional else {}
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "discriminator": {"in_channels": classes, "size": "source", **condition},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator where it is due, then segmenter."""
        image, logits = batch["source"], self.segmenter(batch["source"])
        found, truth = torch.softmax(finest(logits), 1), label_maps(batch["mask"], self.classes).to(image.dtype)
        if self.plays % self.discriminator_every == 0:
            real, fake = self.score(truth, image), self.score(found, image)
            yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake)}
        losses = self.terms(batch, output=logits)
        if self.adversarial_weight:
            score = self.adversarial.generator(self.score(found, image))
            losses["adversarial"] = self.adversarial_weight * score
        if self.unlabelled:
            other = batch["unlabelled"]
            score = self.score(torch.softmax(finest(self.segmenter(other)), 1), other)
            losses["unlabelled"] = self.unlabelled * self.adversarial.generator(score)
        yield "segmenter", losses

    def score(self, maps: Tensor, image: Tensor) -> Any:
        """Score maps, beside the image if it is conditional."""
        return self.discriminator(maps, image if self.conditional else None)

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = torch.softmax(finest(self.segmenter(batch["source"])), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}


def finest(logits: Tensor | Sequence[Tensor]) -> Tensor:
    """The logits themselves, or the first of several depths."""
    return logits if isinstance(logits, Tensor) else logits[0]
