"""Segmentation whose critic compares features of masked images."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import SoftDice, Terms, Weighted
from adversaria.losses.segmentation import label_maps
from adversaria.vocabulary import Batch


class SegAN(Game):
    """SegAN: adversarial network with multi-scale L1 loss (Xue et al. 2018, eq. 2 and 3).

    min_S max_D  L,   L = 1/L sum_l mean |f_l(x . S(x)) - f_l(x . y)|

    f_l are the critic's activations, f_0 the masked image itself; each foreground class of `classes` masks the
    image in turn. D has no real or fake head: it ascends the same L, and its weights are clipped to 0.05 after
    each of its steps, as in the authors' code, which also gives S a Dice loss (`terms`). Reads `source` and
    `mask` (labels, B 1 S).
    """

    key = "segan"
    segments = True
    players = {"segmenter": ("segmenter",), "critic": ("critic",)}
    optimisers = {"segmenter": Adam(2e-4, (0.5, 0.999)), "critic": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        segmenter: nn.Module,
        critic: nn.Module,
        classes: int = 2,
        clip: float = 0.05,
        terms: Terms = Terms({"dice": Weighted(SoftDice(), 1.0)}),
    ):
        super().__init__()
        self.segmenter, self.critic, self.classes, self.clip, self.terms = segmenter, critic, classes, clip, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class; the critic sees masked images."""
        return {
            "segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "critic": {"in_channels": "source", "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Critic, then segmenter."""
        image, logits = batch["source"], self.segmenter(batch["source"])
        found, truth = torch.softmax(logits, 1), label_maps(batch["mask"], self.classes).to(logits.dtype)
        yield "critic", {"distance": -self.distance(image, found, truth)}
        for parameter in self.critic.parameters():
            # without raising the version: micro-batches in lockstep each clip, and the later ones change nothing
            parameter.data.clamp_(-self.clip, self.clip)
        yield "segmenter", {"distance": self.distance(image, found, truth), **self.terms(batch, output=logits)}

    def distance(self, image: Tensor, found: Tensor, truth: Tensor) -> Tensor:
        """The multi-scale L1 distance of two sets of maps (B, classes, *S)."""
        per_class = []
        for k in range(1, self.classes):
            ours, real = image * found[:, k : k + 1], image * truth[:, k : k + 1]
            look = self.critic.features
            pairs = [(ours, real), *zip(look(ours), look(real), strict=True)]  # type: ignore[operator]
            per_class.append(torch.stack([(a - b).abs().mean() for a, b in pairs]).mean())
        return torch.stack(per_class).mean()

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = torch.softmax(self.segmenter(batch["source"]), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
