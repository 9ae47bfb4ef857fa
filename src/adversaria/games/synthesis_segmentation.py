"""A missing modality is made first, and both are segmented together."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Pixel, Terms, Weighted
from adversaria.losses.segmentation import label_maps
from adversaria.vocabulary import Batch


class SynthesisSegmentation(Game):
    """Deep-supervision adversarial learning in two blocks (Zhao et al. 2018, Deep-supGAN, eq. 1 to 4).

    c = G(x): the other modality;   S(x, c): the labels
    discriminators: -log D_c(t) - log(1 - D_c(c)),   -log D_y(y) - log(1 - D_y(S(x, c)))
    generators:     -log D_c(c) + 100 |t - c|  and  terms(S(x, c), y) + perceptual |f(y) - f(S)| - 0.1 log D_y(S)

    All of S's losses reach G. f are the features of D_y at every depth. Images x are `source`, t `target`, y `mask`
    (labels, B 1 S). `terms` compare the logits `output` with `mask`; `image_terms` compare c with `target`. If
    D_c gives a list of scores, one for each depth of features, their mean counts.
    """

    key = "deep-sup-gan"
    segments = True
    players = {"generators": ("generator", "segmenter"), "discriminators": ("image_judge", "map_judge")}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        segmenter: nn.Module,
        image_judge: nn.Module,
        map_judge: nn.Module,
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        map_weight: float = 0.1,
        perceptual: float = 1.0,
        image_terms: Terms = Terms({"pixel": Weighted(Pixel(), 100.0)}),
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.generator, self.segmenter = generator, segmenter
        self.image_judge, self.map_judge = image_judge, map_judge
        self.classes, self.adversarial, self.map_weight = classes, adversarial, map_weight
        self.perceptual, self.image_terms, self.terms = perceptual, image_terms, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The segmenter sees the source and what was made of it."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "segmenter": {"in_channels": "source+target", "out_channels": classes, "size": "source"},
            "image_judge": {"in_channels": "target", "size": "source"},
            "map_judge": {"in_channels": classes, "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Both discriminators, then both networks."""
        made, logits = self.blocks(batch["source"])
        found, truth = logits.softmax(1), label_maps(batch["mask"], self.classes).to(logits.dtype)
        judge = self.adversarial
        yield (
            "discriminators",
            {
                "image": judge.discriminator(self.image_judge(batch["target"]), self.image_judge(made)),
                "map": judge.discriminator(self.map_judge(truth), self.map_judge(found)),
            },
        )
        yield (
            "generators",
            {
                "image": judge.generator(self.image_judge(made)),
                **self.image_terms(batch, "image_", output=made),
                "map": self.map_weight * judge.generator(self.map_judge(found)),
                "perceptual": self.perceptual * self.unlike(found, truth),
                **self.terms(batch, output=logits),
            },
        )

    def blocks(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The made modality (B, C, *S) and logits (B, K, *S)."""
        made = self.generator(image)
        return made, self.segmenter(torch.cat([image, made], 1))

    def unlike(self, found: Tensor, truth: Tensor) -> Tensor:
        """Mean distance of the features of two sets of maps."""
        features: Any = self.map_judge.features
        pairs = zip(features(found), features(truth), strict=True)
        return torch.stack([(a - b).abs().mean() for a, b in pairs]).mean()

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S), the likeliest label, and the modality that was made."""
        made, logits = self.blocks(batch["source"])
        found = logits.softmax(1)
        return {"output": found, "mask": found.argmax(1, keepdim=True), "restored": made}
