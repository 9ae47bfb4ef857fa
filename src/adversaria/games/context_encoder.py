"""Filling a hole from its surroundings."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, max_pool3d

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class ContextEncoder(Game):
    """Context encoders: feature learning by inpainting (Pathak et al. 2016, eq. 1-3).

    M is 1 in the hole:
    generator:     0.999 ||M . (x - G((1 - M) . x))||^2 - 0.001 log D(M . G((1 - M) . x))
    discriminator: -log D(M . x) - log(1 - D(M . G((1 - M) . x)))

    D sees the content of the hole alone. The squared error is a mean over the hole and a band of `overlap` pixels
    around it, which G sees and has to repeat; the band counts `overlap_weight` times. The hole is the word `mask`
    if the batch has it, else the central block of half the side, the paper's. Reads `image`. `forward` fills the
    hole of `source` (or of `image`) and leaves the rest as it is.
    """

    key = "context-encoder"
    given = ("image",)
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-3, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 0.001,
        reconstruction: float = 0.999,
        overlap: int = 7,
        overlap_weight: float = 10.0,
    ):
        super().__init__()
        self.generator, self.discriminator, self.adversarial = generator, discriminator, adversarial
        self.adversarial_weight, self.reconstruction = adversarial_weight, reconstruction
        self.overlap, self.overlap_weight = overlap, overlap_weight

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"in_channels": "image", "out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator."""
        image = batch["image"]
        hole = self.hole(batch, image)
        output = self.generator((1 - hole) * image)
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(
                    self.discriminator(hole * image), self.discriminator(hole * output)
                )
            },
        )
        yield (
            "generator",
            {
                "reconstruction": self.reconstruction * self.error(output, image, hole),
                "adversarial": self.adversarial_weight * self.adversarial.generator(self.discriminator(hole * output)),
            },
        )

    @staticmethod
    def hole(batch: Batch, image: Tensor) -> Tensor:
        """Where the hole is: (B, 1, *S), 0 or 1."""
        if "mask" in batch:
            return (batch["mask"] > 0).to(image.dtype)
        hole = torch.zeros_like(image[:, :1])
        hole[(slice(None), slice(None), *(slice(side // 4, side - side // 4) for side in image.shape[2:]))] = 1
        return hole

    def error(self, output: Tensor, image: Tensor, hole: Tensor) -> Tensor:
        """Squared error, a weighted mean over each sample's hole, averaged over the batch."""
        weight = self.weights(hole).expand_as(image).flatten(1)
        squared = (output - image).square().flatten(1)
        return ((weight * squared).sum(1) / weight.sum(1).clamp_min(1)).mean()

    def weights(self, hole: Tensor) -> Tensor:
        """How much each pixel counts: 1 in the hole, `overlap_weight` in the band around it, else 0."""
        if not self.overlap:
            return hole
        pool = max_pool2d if hole.ndim == 4 else max_pool3d
        wide = pool(hole, 2 * self.overlap + 1, 1, self.overlap)
        return hole + self.overlap_weight * (wide - hole)

    def forward(self, batch: Batch) -> Batch:
        """Fill the hole."""
        image = batch["source"] if "source" in batch else batch["image"]
        hole = self.hole(batch, image)
        return {"output": hole * self.generator((1 - hole) * image) + (1 - hole) * image}
