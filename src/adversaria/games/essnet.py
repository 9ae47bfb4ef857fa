"""Unpaired translation that teaches a segmenter of a domain without labels, end to end."""

import torch
from torch import nn

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, LeastSquares, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class EssNet(CycleGAN):
    """EssNet and SynSeg-Net (Huo et al. 2017; Huo et al. 2018, eq. 1-7): a segmenter in the loop, trained jointly.

    generators:     those of CycleGAN + l_seg(S(G(x)), mask of x)
    discriminators: those of CycleGAN

    `source` has labels (`mask`), `target` has none. The segmenter sees translations alone, and steps together with both
    generators on one sum, so that its loss shapes G as well. `shape` compares its logits `output` with `mask`.
    `forward` translates `source`, and gives as `mask` what S finds in `target`, or in the translation if there is none.
    """

    key = "essnet"
    players = {
        "generators": ("generator", "reverse_generator", "segmenter"),
        "discriminators": ("source_discriminator", "target_discriminator"),
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
        adversarial: Objective = LeastSquares(scale=1.0),
        cycle: float = 10.0,
        pool: int = 50,
        shape: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
        terms: Terms = Terms({}),
    ):
        networks = generator, reverse_generator, target_discriminator, source_discriminator
        super().__init__(
            *networks, source_shape, target_shape, adversarial=adversarial, cycle=cycle, pool=pool, terms=terms
        )
        self.segmenter, self.classes, self.shape = segmenter, classes, shape

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int] | str]:  # type: ignore[override]
        """The segmenter reads images of the target's domain."""
        segmenter = {"in_channels": "target", "out_channels": classes, "size": "target"}
        return {**CycleGAN.wiring(), "segmenter": segmenter}  # type: ignore[dict-item]

    def play(self, batch: Batch) -> Play:
        """Both generators with the segmenter, then both discriminators."""
        fake_target, fake_source = self.generator(batch["source"]), self.reverse_generator(batch["target"])
        yield (
            "generators",
            {
                **self.generators(batch, fake_target, fake_source),
                **self.shape(batch, "shape_", output=self.segmenter(fake_target)),
            },
        )
        yield "discriminators", self.discriminators(batch, fake_target, fake_source)

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`; segment `target`, or the translation."""
        output = self.generator(batch["source"])
        found = torch.softmax(self.segmenter(batch.get("target", output)), 1)
        return {"output": output, "posterior": found, "mask": found.argmax(1, keepdim=True)}
