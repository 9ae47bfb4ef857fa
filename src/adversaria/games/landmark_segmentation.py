"""Landmarks and contour learned together, the contour judged by a discriminator."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Terms, Weighted
from adversaria.losses.segmentation import LabelCrossEntropy, label_maps
from adversaria.vocabulary import Batch


class LandmarkSegmentation(Game):
    """Adversarial context-aware landmark detection (as in Tuysuzoglu et al. 2018).

    network:       terms(S(x), y) + `landmark_weight` ||P(x) - h||^2 + `adversarial_weight` [-log D(S(x))]
    discriminator: -log D(y) - log(1 - D(S(x)))

    D sees contour maps alone: it holds the prior of the shape. The network gives {"mask": logits, "landmarks": maps};
    h are Gaussian maps (deviation `spread`, voxels) around the landmarks: the first and last voxel of the organ
    (all labels above 0) along each axis, so 2 a dimension, in its middle along the others. Reads `source`, `mask`.
    """

    key = "landmark-segmentation"
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
        landmark_weight: float = 10.0,
        spread: float = 3.0,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.network, self.discriminator, self.classes = network, discriminator, classes
        self.adversarial, self.adversarial_weight = adversarial, adversarial_weight
        self.landmark_weight, self.spread, self.terms = landmark_weight, spread, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """The network gives a map for each class; the discriminator sees these."""
        return {
            "network": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "discriminator": {"in_channels": classes, "size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then network."""
        made = self.network(batch["source"])
        found, truth = made["mask"].softmax(1), label_maps(batch["mask"], self.classes).to(made["mask"].dtype)
        scores = self.discriminator(truth), self.discriminator(found)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(*scores)}
        score = self.adversarial.generator(self.discriminator(found))
        wanted = self.heat(batch["mask"]).to(found.dtype)
        yield (
            "network",
            {
                **self.terms(batch, output=made["mask"]),
                "landmarks": self.landmark_weight * (made["landmarks"] - wanted).square().mean(),
                "adversarial": self.adversarial_weight * score,
            },
        )

    def heat(self, mask: Tensor) -> Tensor:
        """Gaussian maps (B, 2 dims, *S) around the outermost points of the organ of (B, 1, *S); 0 without one."""
        there, dims = mask[:, 0] > 0.5, mask.ndim - 2
        lines = [torch.arange(side, dtype=mask.dtype, device=mask.device) for side in mask.shape[2:]]
        shown = [there.any(tuple(a + 1 for a in range(dims) if a != axis)) for axis in range(dims)]
        inside = [torch.where(s, line, torch.nan) for s, line in zip(shown, lines, strict=True)]
        middles = [torch.nan_to_num(x).sum(1) / s.sum(1).clamp_min(1) for x, s in zip(inside, shown, strict=True)]
        maps = []
        for axis in range(dims):
            for end in (torch.amin, torch.amax):
                fill = float("inf") if end is torch.amin else -float("inf")
                place = end(torch.where(shown[axis], lines[axis], fill), 1)
                far = torch.zeros((), dtype=mask.dtype, device=mask.device)
                for other in range(dims):
                    point = place if other == axis else middles[other]
                    away = (lines[other] - torch.nan_to_num(point)[:, None]).square()
                    far = far + away.view(len(mask), *[-1 if a == other else 1 for a in range(dims)])
                maps.append(torch.exp(-far / (2 * self.spread**2)))
        return torch.stack(maps, 1) * there.flatten(1).any(1).view(-1, *[1] * (dims + 1))

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S), the likeliest label, and the landmarks' maps as `code`."""
        made = self.network(batch["source"])
        found = made["mask"].softmax(1)
        return {"output": found, "mask": found.argmax(1, keepdim=True), "code": made["landmarks"].flatten(2).argmax(2)}
