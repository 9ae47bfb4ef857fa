"""A map and its indices learned together, and judged together."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Terms, Weighted
from adversaria.losses.segmentation import LabelCrossEntropy, label_maps
from adversaria.vocabulary import Batch


class QuantifiedSegmentation(Game):
    """Simultaneous segmentation and quantification by joint adversarial learning (Xu et al. 2018, MuTGAN).

    network:       terms(S(x), y) + `value_weight` |V(x) - v(y)| + `adversarial_weight` [-log D(S(x), V(x))]
    discriminator: -log D(y, v(y)) - log(1 - D(S(x), V(x)))

    D judges whether map and indices belong together. The network gives {"mask": logits, "values": (B, N)}. v(y) are,
    for each class above 0, its share of the voxels and its middle along each axis (0 to 1; one half where it is
    absent): 1 + dims numbers a class. `terms` compare the logits `output` with `mask`. Reads `source` and `mask`.
    """

    key = "mutgan"
    segments = True
    players = {"network": ("network",), "discriminator": ("discriminator",)}
    optimisers = {"network": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        network: nn.Module,
        discriminator: nn.Module,
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 0.1,
        value_weight: float = 1.0,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.network, self.discriminator, self.classes = network, discriminator, classes
        self.adversarial, self.adversarial_weight = adversarial, adversarial_weight
        self.value_weight, self.terms = value_weight, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The network gives a map for each class; the discriminator sees these, and the indices."""
        return {
            "network": {"in_channels": "source", "out_channels": classes},
            "discriminator": {"in_channels": classes},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then network."""
        made = self.network(batch["source"])
        found, truth = made["mask"].softmax(1), label_maps(batch["mask"], self.classes).to(made["mask"].dtype)
        indices = measured(truth)
        real, fake = self.discriminator(truth, indices), self.discriminator(found, made["values"])
        yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake)}
        score = self.adversarial.generator(self.discriminator(found, made["values"]))
        yield (
            "network",
            {
                **self.terms(batch, output=made["mask"]),
                "values": self.value_weight * (made["values"] - indices).abs().mean(),
                "adversarial": self.adversarial_weight * score,
            },
        )

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S), the likeliest label, and the indices as `code`."""
        made = self.network(batch["source"])
        found = made["mask"].softmax(1)
        return {"output": found, "mask": found.argmax(1, keepdim=True), "code": made["values"]}


def measured(maps: Tensor) -> Tensor:
    """The indices (B, (K - 1)(1 + dims)) of maps (B, K, *S): share of the voxels, and the middle along each axis."""
    shown = maps[:, 1:]
    axes = range(2, maps.ndim)
    size = shown.flatten(2).sum(2)
    found = [size / shown[0, 0].numel()]
    for axis in axes:
        along = (torch.arange(maps.shape[axis], dtype=maps.dtype, device=maps.device) + 0.5) / maps.shape[axis]
        profile = shown.sum([a for a in axes if a != axis])
        found.append(torch.where(size > 0, (profile * along).sum(2) / size.clamp_min(1e-6), 0.5))
    return torch.stack(found, 2).flatten(1)
