"""The GAN with an auxiliary classifier."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.games.game import Game, Play, classes_of, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class ACGAN(Game):
    """Auxiliary classifier GAN (Odena et al. 2017, eq. 2-3).

    L_S = E log P(real|x) + E log P(fake|G(c, z)),   L_C = E log P(c|x) + E log P(c|G(c, z))
    discriminator: max L_S + L_C
    generator:     max L_C - L_S, in practice max E log P(real|G(c, z)) + E log P(c|G(c, z))

    The class term has one sign for both players. The discriminator gives `score` and `label` (logits) and
    does not see the label; generated images take the labels of the batch. Reads `image` and `label`.
    """

    key = "acgan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        class_weight: float = 1.0,
    ):
        super().__init__()
        self.latent_shape, self.classes = latent_shape_of(generator), classes_of(generator)
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.class_weight = adversarial, class_weight

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`, and know as many classes as `label` has."""
        return {
            "generator": {"out_channels": "image", "size": "image", "classes": "label"},
            "discriminator": {"in_channels": "image", "size": "image", "classes": "label"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        label = batch["label"]
        fake = self.generator(self.normal(batch, "latent", self.latent_shape), label)
        real_found, fake_found = self.discriminator(batch["image"]), self.discriminator(fake)
        yield (
            "discriminator",
            {
                "source": self.adversarial.discriminator(real_found, fake_found),
                "class_real": self.classified(real_found["label"], label),
                "class_fake": self.classified(fake_found["label"], label),
            },
        )
        found = self.discriminator(fake)
        yield (
            "generator",
            {"source": self.adversarial.generator(found), "class": self.classified(found["label"], label)},
        )

    def classified(self, logits: Tensor, label: Tensor) -> Tensor:
        """-E log P(c|x), weighted."""
        return self.class_weight * cross_entropy(logits.to(torch.promote_types(logits.dtype, torch.float32)), label)

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample, of its `label` if given, else of a drawn class."""
        latent, label = batch.get("latent"), batch.get("label")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        if label is None:
            label = (self.uniform(batch, "label") * self.classes).long()
        posterior = {}
        if "image" in batch:
            posterior["posterior"] = self.discriminator(batch["image"])["label"].softmax(1)
        return {"output": self.generator(latent, label), "label": label, **posterior}
