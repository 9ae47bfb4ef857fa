"""The conditional GAN on class labels."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, classes_of, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import Augmentation, NoAugmentation, NonSaturating, NoPenalty, Objective, Penalty
from adversaria.vocabulary import Batch


class CGAN(Game):
    """Conditional GAN (Mirza and Osindero 2014, eq. 2): both players are shown the label.

    min_G max_D  E_x log D(x|y) + E_z log(1 - D(G(z|y)|y))

    Generated images take the labels of the batch, so both kinds have the same classes. Any objective,
    penalty and augmentation may stand in it: with `Hinge` and a projection discriminator it is the game of
    Miyato and Koyama 2018 and of BigGAN. The discriminator steps at every play, the generator at every
    `critic_steps`-th. The rate is that of DCGAN. Reads `image` and `label`.
    """

    key = "cgan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        penalty: Penalty = NoPenalty(),
        augmentation: Augmentation = NoAugmentation(),
        critic_steps: int = 1,
    ):
        super().__init__()
        self.latent_shape, self.classes = latent_shape_of(generator), classes_of(generator)
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.penalty, self.augmentation = adversarial, penalty, augmentation
        self.critic_steps = critic_steps

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`, and know as many classes as `label` has."""
        return {
            "generator": {"out_channels": "image", "size": "image", "classes": "label"},
            "discriminator": {"in_channels": "image", "size": "image", "classes": "label"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator at every play, generator at every `critic_steps`-th."""
        label = batch["label"]
        generator_steps = self.plays % self.critic_steps == self.critic_steps - 1
        with torch.set_grad_enabled(generator_steps):
            generated = self.generator(self.normal(batch, "latent", self.latent_shape), label)
        real, fake = self.augmented(batch, "real", batch["image"]), self.augmented(batch, "fake", generated)
        score, before = self.discriminator(real, label), self.augmentation.state()
        penalty, mix = self.penalty.at(self.plays), self.uniform(batch, "mix")
        seen = yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(score, self.discriminator(fake, label)),
                **penalty(lambda x: self.discriminator(x, label), real, fake, mix),
                **self.augmentation.watch(score),
            },
        )
        self.augmentation.adapt(before, seen)
        if generator_steps:
            fake = self.augmented(batch, "generator", generated)
            yield "generator", {"adversarial": self.adversarial.generator(self.discriminator(fake, label))}

    def augmented(self, batch: Batch, name: str, image: Tensor) -> Tensor:
        """Change images before the discriminator sees them, by draws of this name."""
        return self.augmentation(image, self.uniform(batch, f"augment {name}", (self.augmentation.draws,)))

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample, of its `label` if given, else of a drawn class."""
        latent, label = batch.get("latent"), batch.get("label")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        if label is None:
            label = (self.uniform(batch, "label") * self.classes).long()
        return {"output": self.generator(latent, label), "label": label}
