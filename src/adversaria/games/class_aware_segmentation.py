"""Segmentation with a discriminator that also names the class of the image."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Terms, Weighted
from adversaria.losses.segmentation import LabelCrossEntropy, label_maps
from adversaria.vocabulary import Batch


class ClassAwareSegmentation(Game):
    """cC-GAN: a conditional GAN whose discriminator has a class head (Li and Shen 2018; after Odena et al. 2017).

    discriminator: -log D(x, y) - log(1 - D(x, S(x))) + w [-log P(c|x, y) - log P(c|x, S(x))]
    segmenter:     -log D(x, S(x)) + w [-log P(c|x, S(x))] + 100 terms(S(x), y)

    c is the class of the whole image (`label`, the staining pattern). D gives `score` and `label`. `terms` compare the
    logits `output` with `mask`; 100 is the weight of pix2pix, w is `class_weight`. Reads `source`, `mask`, `label`.
    """

    key = "cc-gan-segmentation"
    segments = True
    players = {"segmenter": ("segmenter",), "discriminator": ("discriminator",)}
    optimisers = {"segmenter": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        segmenter: nn.Module,
        discriminator: nn.Module,
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        class_weight: float = 1.0,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 100.0)}),
    ):
        super().__init__()
        self.segmenter, self.discriminator, self.classes = segmenter, discriminator, classes
        self.adversarial, self.class_weight, self.terms = adversarial, class_weight, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The discriminator sees maps and image and knows as many classes as `label` has."""
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "discriminator": {
                "in_channels": classes, "condition_channels": "source", "classes": "label", "size": "source",
            },
        }  # fmt: skip

    def play(self, batch: Batch) -> Play:
        """Discriminator, then segmenter."""
        image, label, logits = batch["source"], batch["label"], self.segmenter(batch["source"])
        found, truth = torch.softmax(logits, 1), label_maps(batch["mask"], self.classes).to(logits.dtype)
        real, fake = self.discriminator(truth, image), self.discriminator(found, image)
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(real, fake),
                "class_real": self.named(real["label"], label),
                "class_fake": self.named(fake["label"], label),
            },
        )
        judged = self.discriminator(found, image)
        yield (
            "segmenter",
            {
                "adversarial": self.adversarial.generator(judged),
                "class": self.named(judged["label"], label),
                **self.terms(batch, output=logits),
            },
        )

    def named(self, logits: Tensor, label: Tensor) -> Tensor:
        """-log P(c|x, y), weighted."""
        return self.class_weight * cross_entropy(logits.to(torch.promote_types(logits.dtype, torch.float32)), label)

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = torch.softmax(self.segmenter(batch["source"]), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
