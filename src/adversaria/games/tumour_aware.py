"""Unpaired translation that must keep the tumours of its input."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LeastSquares, Objective, SoftDice, Terms, Weighted
from adversaria.losses.pixel import distance
from adversaria.vocabulary import Batch


class TumourAwareGAN(CycleGAN):
    """Tumour-aware CycleGAN (Jiang et al. 2018): a segmenter must find in G(x) the tumour that lies in x.

    generators:     those of CycleGAN + `shape` l_seg(S(G(x)), mask of x) + `features` mean (phi(G(x)) - phi(x))^2
    discriminators: those of CycleGAN
    segmenter:      l_seg(S(G(x)), mask of x) + l_seg(S(x), mask of x)

    phi are the deepest activations that `segmenter.features` lists; x is `source` (CT), with `mask`. The segmenter is
    one for both kinds of image, so both must have as many channels. The paper's weights are not known: 1 and 1 are
    ours. l_seg is the soft Dice loss. `forward` translates `source`; its `mask` is what S finds in `target`, or in
    the translation if there is none.
    """

    key = "tumour-aware"
    players = {
        "generators": ("generator", "reverse_generator"),
        "discriminators": ("source_discriminator", "target_discriminator"),
        "segmenter": ("segmenter",),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        reverse_generator: nn.Module,
        target_discriminator: nn.Module,
        source_discriminator: nn.Module,
        segmenter: nn.Module,
        source_shape: tuple[int, ...],
        target_shape: tuple[int, ...],
        classes: int = 2,
        shape: float = 1.0,
        features: float = 1.0,
        adversarial: Objective = LeastSquares(scale=1.0),
        cycle: float = 10.0,
        pool: int = 50,
        segmentation: Terms = Terms({"dice": Weighted(SoftDice(), 1.0)}),
    ):
        networks = generator, reverse_generator, target_discriminator, source_discriminator
        super().__init__(*networks, source_shape, target_shape, adversarial=adversarial, cycle=cycle, pool=pool)
        self.segmenter, self.classes, self.segmentation = segmenter, classes, segmentation
        self.shape_weight, self.feature_weight = shape, features

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int] | str]:  # type: ignore[override]
        """The segmenter reads images of either domain."""
        segmenter = {"in_channels": "target", "out_channels": classes, "size": "target"}
        return {**CycleGAN.wiring(), "segmenter": segmenter}  # type: ignore[dict-item]

    def play(self, batch: Batch) -> Play:
        """Generators, discriminators, segmenter."""
        fake_target, fake_source = self.generator(batch["source"]), self.reverse_generator(batch["target"])
        shape = self.segmentation(batch, "shape_", output=self.segmenter(fake_target))
        yield (
            "generators",
            {
                **self.generators(batch, fake_target, fake_source),
                **{name: self.shape_weight * loss for name, loss in shape.items()},
                "features": self.feature_weight * distance(self.deep(fake_target), self.deep(batch["source"]), 2),
            },
        )
        yield "discriminators", self.discriminators(batch, fake_target, fake_source)
        yield (
            "segmenter",
            {
                **self.segmentation(batch, "translated_", output=self.segmenter(fake_target)),
                **self.segmentation(batch, "source_", output=self.segmenter(batch["source"])),
            },
        )

    def deep(self, image: Tensor) -> Tensor:
        """The deepest activations of the segmenter."""
        network: Any = self.segmenter
        found: Tensor = network.features(image)[-1]
        return found

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`; segment `target`, or the translation."""
        output = self.generator(batch["source"])
        found = torch.softmax(self.segmenter(batch.get("target", output)), 1)
        return {"output": output, "posterior": found, "mask": found.argmax(1, keepdim=True)}
