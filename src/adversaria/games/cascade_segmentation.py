"""Two segmenters in series: the first finds the region, the second its parts."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Terms, Weighted
from adversaria.losses.segmentation import label_maps
from adversaria.vocabulary import Batch


class CascadeSegmentation(Game):
    """Cascade of conditional GANs for segmentation (as in Rezaei et al. 2018, context-aware GAN).

    y1 = S1(x): the region, all classes above 0 as one;   y2 = S2(x, y1): the classes. For each stage k
    discriminator: -log D_k(x, t_k) - log(1 - D_k(x, y_k))
    segmenter:     `adversarial_weight` [-log D_k(x, y_k)] + terms(y_k, t_k)

    Both stages are trained at once, and the second's losses reach the first. t_1 and t_2 come from `mask` (labels,
    B 1 S); `terms` compare the logits `output` with it, as the stage's own labels. Reads `source` and `mask`.
    """

    key = "cascade-segmentation"
    segments = True
    players = {
        "segmenters": ("first", "second"),
        "discriminators": ("first_discriminator", "second_discriminator"),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        first: nn.Module,
        second: nn.Module,
        first_discriminator: nn.Module,
        second_discriminator: nn.Module,
        classes: int = 3,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 0.1,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.first, self.second = first, second
        self.first_discriminator, self.second_discriminator = first_discriminator, second_discriminator
        self.classes, self.adversarial = classes, adversarial
        self.adversarial_weight, self.terms = adversarial_weight, terms

    @classmethod
    def wiring(cls, classes: int = 3) -> dict[str, dict[str, str | int]]:
        """The second stage sees the image and two maps of the first."""
        judge: dict[str, str | int] = {"condition_channels": "source", "size": "source"}
        return {
            "first": {"in_channels": "source", "out_channels": 2, "size": "source"},
            "second": {"in_channels": "source+mask+mask", "out_channels": classes, "size": "source"},
            "first_discriminator": {"in_channels": 2, **judge},
            "second_discriminator": {"in_channels": classes, **judge},
        }

    def play(self, batch: Batch) -> Play:
        """Both discriminators, then both segmenters."""
        image, labels = batch["source"], batch["mask"]
        masks = {"first": labels.clamp_max(1), "second": labels}
        logits = dict(zip(masks, self.stages(image), strict=True))
        counts = {"first": 2, "second": self.classes}
        judged = {}
        for stage, mask in masks.items():
            truth = label_maps(mask, counts[stage]).to(image.dtype)
            real, fake = self.judge(stage, truth, image), self.judge(stage, logits[stage].softmax(1), image)
            judged[f"{stage}_adversarial"] = self.adversarial.discriminator(real, fake)
        yield "discriminators", judged
        losses: dict[str, Tensor] = {}
        for stage, mask in masks.items():
            score = self.adversarial.generator(self.judge(stage, logits[stage].softmax(1), image))
            losses[f"{stage}_adversarial"] = self.adversarial_weight * score
            losses |= self.terms(batch, f"{stage}_", output=logits[stage], mask=mask)
        yield "segmenters", losses

    def stages(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the region (B, 2, *S) and of the classes (B, K, *S)."""
        region = self.first(image)
        return region, self.second(torch.cat([image, region.softmax(1)], 1))

    def judge(self, stage: str, maps: Tensor, image: Tensor) -> Tensor:
        """Score the maps of a stage beside the image."""
        return getattr(self, f"{stage}_discriminator")(maps, image)

    def forward(self, batch: Batch) -> Batch:
        """Segment `source`: probabilities (B, classes, *S) and the likeliest label."""
        found = self.stages(batch["source"])[1].softmax(1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
