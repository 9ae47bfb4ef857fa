"""Semi-supervised classification of a pixel by the patch around it."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class CentrePixelGAN(Game):
    """Discriminator with two tasks on patches (Lahiri et al. 2017): real or made, and the class of the middle pixel.

    discriminator: -E log D(x_u) - E log(1 - D(G(z))) - `class_weight` E log P(y|x)
    generator:     -E log D(G(z))

    y is the label in `mask` at the patch's middle pixel. The real images of the first task are the labelled and the
    unlabelled ones, each set counting half. The discriminator gives `score` and `label` (logits). Reads `image` with
    `mask` (labels, B 1 S), and `unlabelled`, a stream of its own.
    """

    key = "centre-pixel-gan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        classes: int = 2,
        adversarial: Objective = NonSaturating(),
        class_weight: float = 1.0,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.discriminator, self.classes = generator, discriminator, classes
        self.adversarial, self.class_weight = adversarial, class_weight

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image", "classes": classes},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        labelled, made = self.discriminator(batch["image"]), self.discriminator(fake)
        unlabelled = self.discriminator(batch["unlabelled"])
        yield (
            "discriminator",
            {
                "labelled": 0.5 * self.adversarial.discriminator(labelled, made),
                "unlabelled": 0.5 * self.adversarial.discriminator(unlabelled, made),
                "supervised": self.class_weight * cross_entropy(single(labelled["label"]), centre(batch["mask"])),
            },
        )
        yield "generator", {"adversarial": self.adversarial.generator(self.discriminator(fake))}

    def forward(self, batch: Batch) -> Batch:
        """Give the posterior of the middle pixel of `image` if there is one; make an image for each sample."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        found = self.discriminator(batch["image"])["label"].softmax(1) if "image" in batch else None
        return {"output": self.generator(latent), **({} if found is None else {"posterior": found})}


def centre(mask: Tensor) -> Tensor:
    """Label (B,) of the middle pixel of maps (B, 1, *S); of an even side the one after the middle."""
    for _ in mask.shape[2:]:
        mask = mask.select(2, mask.shape[2] // 2)
    return mask.flatten().long()


def single(logits: Tensor) -> Tensor:
    """In single precision at least."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
