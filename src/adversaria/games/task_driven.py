"""Unpaired translation to a domain whose segmenter is trained before and then frozen."""

import torch
from torch import Tensor, nn

from adversaria.games.cyclegan import CycleGAN
from adversaria.games.game import Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LabelCrossEntropy, NonSaturating, Objective, Terms, Weighted
from adversaria.vocabulary import Batch


class TaskDrivenGAN(CycleGAN):
    """TD-GAN (Zhang et al. 2018c): CycleGAN whose target domain has labels, and a segmenter S of it that stands still.

    first:          min_S l_seg(S(y), mask of y)    for `segmenter_plays` plays; S is frozen then
    generators:     those of CycleGAN, D_Y conditional, + l_seg(S(G(F(y))), mask of y)
    discriminators: those of CycleGAN, D_Y of images with what S finds in them: D_Y(y, S(y)), D_Y(G(x), S(G(x)))

    The labelled images are `target`, with `mask`; `source` has no labels. `shape` compares logits `output` with
    `mask`. `forward` translates `source` and gives as `mask` what S finds in the translation.
    """

    key = "td-gan"
    players = {
        "segmenter": ("segmenter",),
        "generators": ("generator", "reverse_generator"),
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
        segmenter_plays: int = 10_000,
        adversarial: Objective = NonSaturating(),
        cycle: float = 10.0,
        pool: int = 50,
        shape: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
        terms: Terms = Terms({}),
    ):
        networks = generator, reverse_generator, target_discriminator, source_discriminator
        super().__init__(
            *networks, source_shape, target_shape, adversarial=adversarial, cycle=cycle, pool=pool, terms=terms
        )
        self.segmenter, self.classes, self.segmenter_plays, self.shape = segmenter, classes, segmenter_plays, shape

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int] | str]:  # type: ignore[override]
        """The target's discriminator also sees a map for each class."""
        wires: dict[str, dict[str, str | int] | str] = {**CycleGAN.wiring()}  # type: ignore[dict-item]
        wires["target_discriminator"] = {"in_channels": "target", "condition_channels": classes, "size": "target"}
        return {**wires, "segmenter": {"in_channels": "target", "out_channels": classes, "size": "target"}}

    def play(self, batch: Batch) -> Play:
        """The segmenter alone at first; then generators and discriminators on the frozen segmenter."""
        learns = self.plays < self.segmenter_plays
        self.segmenter.train(self.training and learns)
        if learns:
            yield "segmenter", self.shape(batch, output=self.segmenter(batch["target"]))
            return
        fake_target, fake_source = self.generator(batch["source"]), self.reverse_generator(batch["target"])
        yield (
            "generators",
            {
                **self.generators(batch, fake_target, fake_source),
                **self.shape(batch, "shape_", output=self.segmenter(self.generator(fake_source))),
            },
        )
        yield "discriminators", self.discriminators(batch, fake_target, fake_source)

    def look(self, domain: str, image: Tensor) -> Tensor:
        """Score an image, in the target's domain beside what the segmenter finds in it."""
        if domain == "source":
            return self.source_discriminator(image)
        return self.target_discriminator(image, torch.softmax(self.segmenter(image), 1))

    def forward(self, batch: Batch) -> Batch:
        """Translate `source` and segment the translation."""
        output = self.generator(batch["source"])
        found = torch.softmax(self.segmenter(output), 1)
        return {"output": output, "posterior": found, "mask": found.argmax(1, keepdim=True)}
