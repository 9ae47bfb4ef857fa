"""Unpaired translation under a frozen segmenter whose answers must look like those of labelled images."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam, Optimiser
from adversaria.losses import LabelCrossEntropy, LeastSquares, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class SemanticAwareGAN(CycleGAN):
    """SeUDA (Chen et al. 2018a): nested adversarial learning, on images and on what a frozen segmenter finds in them.

    first:          min_S l_seg(S(y), mask of y)    for `segmenter_plays` plays; S is frozen then
    generators:     0.5 l_G(D_Y(G(x))) + l_G(D_X(F(y))) + 10 cycle + 0.5 l_G(D_M(S(G(x))))
    discriminators: those of CycleGAN + 1/2 [l_D of D_M(S(y)) and D_M(S(G(x)))]

    `target` with `mask` is the hospital that has labels, `source` the one that has none; no label of the source is
    used, and no overlap. The weights are those of one re-implementation by others. `forward` translates `source` and
    gives as `mask` what S finds in the translation.
    """

    key = "seuda"
    players = {
        "segmenter": ("segmenter",),
        "generators": ("generator", "reverse_generator"),
        "discriminators": ("source_discriminator", "target_discriminator", "mask_discriminator"),
    }
    optimisers: ClassVar[dict[str, Optimiser]] = {
        "segmenter": Adam(1e-3), "generators": Adam(1e-4, (0.5, 0.999)), "discriminators": Adam(1e-4, (0.5, 0.999)),
    }  # fmt: skip

    def __init__(
        self,
        generator: nn.Module,
        reverse_generator: nn.Module,
        target_discriminator: nn.Module,
        source_discriminator: nn.Module,
        mask_discriminator: nn.Module,
        segmenter: nn.Module,
        source_shape: tuple[int, ...],
        target_shape: tuple[int, ...],
        classes: int = 2,
        segmenter_plays: int = 10_000,
        adversarial: Objective = LeastSquares(scale=1.0),
        forward_weight: float = 0.5,
        semantic: float = 0.5,
        cycle: float = 10.0,
        pool: int = 50,
        shape: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        networks = generator, reverse_generator, target_discriminator, source_discriminator
        super().__init__(*networks, source_shape, target_shape, adversarial=adversarial, cycle=cycle, pool=pool)
        self.mask_discriminator, self.segmenter, self.classes = mask_discriminator, segmenter, classes
        self.segmenter_plays, self.shape = segmenter_plays, shape
        self.forward_weight, self.semantic = forward_weight, semantic

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int] | str]:  # type: ignore[override]
        """The third discriminator sees a map for each class."""
        return {
            **CycleGAN.wiring(),  # type: ignore[dict-item]
            "mask_discriminator": {"in_channels": classes, "size": "target"},
            "segmenter": {"in_channels": "target", "out_channels": classes, "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """The segmenter alone at first; then generators and discriminators on the frozen segmenter."""
        learns = self.plays < self.segmenter_plays
        self.segmenter.train(self.training and learns)
        if learns:
            yield "segmenter", self.shape(batch, output=self.segmenter(batch["target"]))
            return
        fake_target, fake_source = self.generator(batch["source"]), self.reverse_generator(batch["target"])
        losses = self.generators(batch, fake_target, fake_source)
        losses["adversarial_target"] = self.forward_weight * losses["adversarial_target"]
        score = self.mask_discriminator(self.found(fake_target))
        losses["semantic"] = self.semantic * self.adversarial.generator(score)
        yield "generators", losses
        with torch.no_grad():
            real, fake = self.found(batch["target"]), self.found(fake_target)
        score = self.mask_discriminator(real), self.mask_discriminator(fake)
        yield (
            "discriminators",
            {
                **self.discriminators(batch, fake_target, fake_source),
                "semantic": self.adversarial.discriminator(*score) / 2,
            },
        )

    def found(self, image: Tensor) -> Tensor:
        """Probabilities (B, classes, *S) of what the segmenter sees."""
        return torch.softmax(self.segmenter(image), 1)

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` and segment the translation."""
        output = self.generator(batch["source"])
        found = self.found(output)
        return {"output": output, "posterior": found, "mask": found.argmax(1, keepdim=True)}
