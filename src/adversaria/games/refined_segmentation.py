"""Segmentation whose errors are segmented by a third network."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam, RMSprop
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Terms, Weighted
from adversaria.losses.segmentation import label_maps
from adversaria.vocabulary import Batch


class RefinedSegmentation(Game):
    """Generative refinement adversarial network (Rezaei et al. 2018, eq. 1 to 4).

    segmenter:     -log D(x, S(x)) + 10 l_mce(S(x), y)                  for `first_plays` plays, then frozen
    discriminator: -log D(x, y) - log(1 - D(x, S(x)))                   with it
    refiner:       ||R(x, S(x)) - (FP, FN)||^2                          afterwards

    FP and FN are, for each class, where S finds it and it is not, and where it is and S misses it. R(x, S(x)) gives
    both as probabilities; as in the authors' code, only what it is sure of (above 0.75) is mended: the final map is
    S(x) - [FP > 0.75] + [FN > 0.75], clipped to [0, 1] and normalised; until R has begun to learn it is S(x). Reads
    `source`, `mask` (labels, B 1 S).
    """

    SURE = 0.75
    begun: Tensor
    key = "refinement-gan"
    segments = True
    players = {"segmenter": ("segmenter",), "discriminator": ("discriminator",), "refiner": ("refiner",)}
    optimisers = {"segmenter": Adam(1e-3), "discriminator": Adam(1e-3), "refiner": RMSprop(1e-3, 0.9)}

    def __init__(
        self,
        segmenter: nn.Module,
        discriminator: nn.Module,
        refiner: nn.Module,
        classes: int = 2,
        first_plays: int = 10_000,
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 10.0)}),
    ):
        super().__init__()
        self.segmenter, self.discriminator, self.refiner = segmenter, discriminator, refiner
        self.classes, self.first_plays = classes, first_plays
        self.adversarial, self.terms = adversarial, terms
        self.register_buffer("begun", torch.zeros(()))

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The refiner sees the image and a map for each class, and gives two for each."""
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "discriminator": {"in_channels": classes, "condition_channels": "source", "size": "source"},
            "refiner": {"in_channels": "source" + "+mask" * classes, "out_channels": 2 * classes, "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator and segmenter; later the refiner on the frozen segmenter."""
        image, early = batch["source"], self.plays < self.first_plays
        truth = label_maps(batch["mask"], self.classes).to(image.dtype)
        self.segmenter.train(self.training and early)
        with torch.set_grad_enabled(early):
            logits = self.segmenter(image)
        found = torch.softmax(logits, 1)
        if not early:
            self.begun.fill_(1.0)
            yield "refiner", {"errors": self.errors(image, found, truth)}
            return
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(
                    self.discriminator(truth, image), self.discriminator(found, image)
                )
            },
        )
        score = self.adversarial.generator(self.discriminator(found, image))
        yield "segmenter", {"adversarial": score, **self.terms(batch, output=logits)}

    def errors(self, image: Tensor, found: Tensor, truth: Tensor) -> Tensor:
        """Mean squared error of the refiner's two maps for each class."""
        wrong = torch.cat([(found - truth).clamp_min(0), (truth - found).clamp_min(0)], 1)
        return (torch.sigmoid(self.refiner(torch.cat([image, found], 1))) - wrong).square().mean()

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) after refinement and the likeliest label."""
        image = batch["source"]
        found = torch.softmax(self.segmenter(image), 1)
        surplus, missed = torch.sigmoid(self.refiner(torch.cat([image, found], 1))).chunk(2, 1)
        mended = (missed > self.SURE).to(found) - (surplus > self.SURE).to(found)
        found = (found + self.begun * mended).clamp(1e-6, 1)
        found = found / found.sum(1, keepdim=True)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
