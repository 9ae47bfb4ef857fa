"""Unpaired translation between two labelled domains, whose segmenters keep the anatomy from bending."""

import torch
from torch import Tensor, nn

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, LeastSquares, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class ShapeConsistentGAN(CycleGAN):
    """Cycle and shape consistency (Zhang et al. 2018d, eq. 1-5): G, F and a segmenter of each domain, in alternation.

    generators:     those of CycleGAN + l_seg(S_Y(G(x)), mask of x) + l_seg(S_X(F(y)), mask of y)
    segmenters:     l_seg(S_X(x), mask of x) + l_seg(S_Y(y), mask of y)
                    + l_seg(S_Y(G(x)), mask of x) + l_seg(S_X(F(y)), mask of y)
    discriminators: those of CycleGAN

    For the first `apart` plays generators and segmenters learn without each other: the losses on translations are left
    out. Reads `source` with `mask` and `target` with `target_mask`; `shape` compares logits `output` with `mask`.
    `forward` translates `source`; its `mask` is what S_Y finds in `target`, or in the translation if there is none.
    """

    key = "cycle-shape-consistency"
    players = {
        "generators": ("generator", "reverse_generator"),
        "discriminators": ("source_discriminator", "target_discriminator"),
        "segmenters": ("source_segmenter", "target_segmenter"),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        reverse_generator: nn.Module,
        target_discriminator: nn.Module,
        source_discriminator: nn.Module,
        source_segmenter: nn.Module,
        target_segmenter: nn.Module,
        source_shape: tuple[int, ...],
        target_shape: tuple[int, ...],
        classes: int = 2,
        apart: int = 10_000,
        adversarial: Objective = LeastSquares(scale=1.0),
        cycle: float = 10.0,
        pool: int = 50,
        shape: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        networks = generator, reverse_generator, target_discriminator, source_discriminator
        super().__init__(*networks, source_shape, target_shape, adversarial=adversarial, cycle=cycle, pool=pool)
        self.source_segmenter, self.target_segmenter = source_segmenter, target_segmenter
        self.classes, self.apart, self.shape = classes, apart, shape

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int] | str]:  # type: ignore[override]
        """Each segmenter reads images of its own domain."""
        return {
            **CycleGAN.wiring(),  # type: ignore[dict-item]
            "source_segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"},
            "target_segmenter": {"in_channels": "target", "out_channels": classes, "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """Generators, discriminators, segmenters."""
        together = self.plays >= self.apart
        fake_target, fake_source = self.generator(batch["source"]), self.reverse_generator(batch["target"])
        losses = self.generators(batch, fake_target, fake_source)
        yield "generators", losses | (self.translated(batch, fake_target, fake_source) if together else {})
        yield "discriminators", self.discriminators(batch, fake_target, fake_source)
        losses = {
            **self.agreed("source_", self.source_segmenter(batch["source"]), batch["mask"]),
            **self.agreed("target_", self.target_segmenter(batch["target"]), batch["target_mask"]),
        }
        yield "segmenters", losses | (self.translated(batch, fake_target, fake_source) if together else {})

    def translated(self, batch: Batch, fake_target: Tensor, fake_source: Tensor) -> dict[str, Tensor]:
        """What the segmenters find in translations, against the labels of what these were made from."""
        return {
            **self.agreed("shape_target_", self.target_segmenter(fake_target), batch["mask"]),
            **self.agreed("shape_source_", self.source_segmenter(fake_source), batch["target_mask"]),
        }

    def agreed(self, name: str, logits: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Compare logits with labels."""
        return self.shape({}, name, output=logits, mask=mask)

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`; segment `target`, or the translation."""
        output = self.generator(batch["source"])
        found = torch.softmax(self.target_segmenter(batch.get("target", output)), 1)
        return {"output": output, "posterior": found, "mask": found.argmax(1, keepdim=True)}
