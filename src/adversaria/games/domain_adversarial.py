"""Features that do not tell two domains apart."""

import math
from typing import Any

import torch
from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class DomainAdversarial(Game):
    """Unsupervised domain adaptation with adversarial networks (Kamnitsas et al. 2017, eq. 1; Ganin et al. 2016).

    segmenter:     L_task(S(x)) - alpha L_dom
    discriminator: L_dom = 1/2 [-log D(f(x)) - log(1 - D(f(u)))]

    x are images of the domain that has labels (`source`, `mask`), u of the one that has none (`unlabelled`); f are the
    activations that `segmenter.features` lists, of one or several layers. Both gradients are taken before either
    steps, which is what reversing the gradient does. alpha is `weight` times 2/(1 + exp(-10 p)) - 1 with p the
    share of `ramp` plays (0: alpha is constant). `terms` compare the logits `output` with `mask`.
    """

    key = "domain-adversarial"
    segments = True
    players = {"segmenter": ("segmenter",), "discriminator": ("discriminator",)}
    optimisers = {"segmenter": Adam(1e-3), "discriminator": Adam(1e-3)}

    def __init__(
        self,
        segmenter: nn.Module,
        discriminator: nn.Module,
        classes: int = 2,
        weight: float = 1.0,
        ramp: int = 10_000,
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.segmenter, self.discriminator, self.classes = segmenter, discriminator, classes
        self.weight, self.ramp, self.adversarial, self.terms = weight, ramp, adversarial, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class; the discriminator sees features."""
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "discriminator": {"size": "source"},
        }

    @property
    def alpha(self) -> float:
        """How much the segmenter heeds the discriminator at this play."""
        if not self.ramp:
            return self.weight
        return self.weight * (2 / (1 + math.exp(-10 * min(self.plays / self.ramp, 1.0))) - 1)

    def play(self, batch: Batch) -> Play:
        """One turn in which both have losses of their own."""
        network: Any = self.segmenter
        known = network.features(batch["source"])
        domain = self.adversarial.discriminator(
            self.discriminator(known), self.discriminator(network.features(batch["unlabelled"]))
        )
        yield {
            "segmenter": {
                **self.terms(batch, output=network.predict(known)),
                "confusion": -self.alpha * domain / 2,
            },
            "discriminator": {"domain": domain / 2},
        }

    def forward(self, batch: Batch) -> Batch:
        """Segment `unlabelled`, else `source`: probabilities (B, classes, *S) and the likeliest label."""
        image = batch["unlabelled"] if "unlabelled" in batch else batch["source"]
        found = torch.softmax(self.segmenter(image), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
