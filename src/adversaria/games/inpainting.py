"""Filling a hole so that a discriminator, which sees nothing else, takes it for real."""

import torch
from torch import nn

from adversaria.games.game import Play
from adversaria.games.medgan import MedGAN
from adversaria.losses import NonSaturating, Objective, Perceptual, StyleContent, Terms, Weighted
from adversaria.vocabulary import Batch


class InpaintingGAN(MedGAN):
    """Inpainting of a square hole (Armanious et al. 2018, ip-MedGAN): the discriminator sees what was filled in alone.

    output = source outside the hole, G(source) inside; c cuts the hole, `hole` voxels a side, out of an image
    discriminator: 1/2 [-log D(c(y)) - log(1 - D(c(output)))]
    generator:     -log D(c(output)) + 20 sum_i ||D_i(c(output)) - D_i(c(y))||_1 + 1e-4 (style + content) of the cuts

    `mask` is 1 in the hole. That the known voxels are kept is ours. Reads `source`, `target`, `mask`.
    """

    key = "ip-medgan"
    given = ("source", "mask")

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms(
            {"perceptual": Weighted(Perceptual(power=1), 20.0), "style_content": Weighted(StyleContent(), 1e-4)}
        ),
        generator_steps: int = 3,
        hole: int = 64,
    ):
        super().__init__(generator, discriminator, adversarial, terms, generator_steps)
        self.hole = hole

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The generator fills `source`; the discriminator sees a hole."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """The discriminator at every `generator_steps`-th play, the generator at every one."""
        real = cropped(batch["target"], batch["mask"], self.hole)
        fake = cropped(self.generator(batch["source"]), batch["mask"], self.hole)
        if self.plays % self.generator_steps == 0:
            judged = self.adversarial.discriminator(self.discriminator(real), self.discriminator(fake))
            yield "discriminator", {"adversarial": judged / 2}
        score = self.adversarial.generator(self.discriminator(fake))
        terms = self.terms(batch, output=fake, target=real, source=None, discriminator=self.discriminator)
        yield "generator", {"adversarial": score, **terms}

    def forward(self, batch: Batch) -> Batch:
        """Fill the hole of `source` and keep the rest."""
        source, mask = batch["source"], batch["mask"]
        return {"output": torch.where(mask > 0, self.generator(source), source)}


def cropped(image: torch.Tensor, mask: torch.Tensor, side: int) -> torch.Tensor:
    """Cut the box of `side` voxels that begins where the mask (B, 1, *S) does out of images (B, C, *S)."""
    for axis in range(2, image.ndim):
        others = [k for k in range(1, mask.ndim) if k != axis]
        first = mask.amax(others).argmax(1).clamp_max(image.shape[axis] - side)
        places = first[:, None] + torch.arange(side, device=image.device)
        shape = [len(image), *[1] * (image.ndim - 1)]
        shape[axis] = side
        index = places.view(shape).expand(*image.shape[:axis], side, *image.shape[axis + 1 :])
        image = image.gather(axis, index)
        mask = mask.gather(axis, index[:, :1])
    return image
