"""The style-based GAN."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.games.pggan import enough_to_grow, growth_at
from adversaria.losses import R1, NonSaturating, Objective, Penalty
from adversaria.vocabulary import Batch


class StyleGAN(Game):
    """Style-based GAN (Karras et al. 2019, sections 2 and 3, appendix C).

    discriminator: -E log D(x) - E log(1 - D(G(z))) + gamma/2 E ||grad D(x)||^2
    generator:     -E log D(G(z)),   gamma = 10

    It grows as PGGAN, from 8 pixels (`start` doublings of 4) on, with `phase` plays a phase (600,000 images in the
    reference code: 37,500 plays of 16). Each play draws the noise maps of all layers; a `mixing` share of the images
    takes its styles from a second latent from a random layer on. `truncation` psi is for drawing samples: below 1,
    their styles up to 32 pixels are pulled to the average style (the paper shows 0.7). Reads `image`.
    """

    key = "stylegan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(1e-3, (0.0, 0.99)), "discriminator": Adam(1e-3, (0.0, 0.99))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        penalty: Penalty = R1(),
        phase: int = 37_500,
        start: int = 1,
        mixing: float = 0.9,
        truncation: float = 1.0,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator: Any = generator
        self.discriminator: Any = discriminator
        self.adversarial, self.penalty = adversarial, penalty
        self.phase, self.start, self.mixing, self.truncation = phase, start, mixing, truncation

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def planned(self, plays: int) -> None:
        """Refuse a run that ends before the networks have grown."""
        enough_to_grow(plays, self.phase, self.generator.levels, self.start)

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, at the size that this play has reached."""
        growth = growth_at(self.plays, self.phase, self.generator.levels, self.start)
        self.generator.grow(growth), self.discriminator.grow(growth)
        real = self.discriminator.faded(batch["image"])
        latent, second = (self.normal(batch, name, self.latent_shape) for name in ("latent", "second latent"))
        fake = self.generator(latent, noise=self.noise(batch), second=second, crossing=self.crossing(batch))
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(self.discriminator(real), self.discriminator(fake)),
                **self.penalty.at(self.plays)(self.discriminator, real, fake, self.uniform(batch, "mix")),
            },
        )
        yield "generator", {"adversarial": self.adversarial.generator(self.discriminator(fake))}

    def noise(self, batch: Batch) -> Tensor:
        """Draw the noise maps of all layers in use."""
        return self.normal(batch, "noise", (self.generator.noise_size(),))

    def crossing(self, batch: Batch) -> Tensor:
        """Draw the layer (B,) from which the second latent's style is taken: past the last one for the unmixed."""
        layers = self.generator.layers()
        mixed, where = self.uniform(batch, "mixing", (2,)).unbind(1)
        return torch.where(mixed < self.mixing, 1 + (where * (layers - 1)).floor(), float(layers))

    def forward(self, batch: Batch) -> Batch:
        """Make one image of full size for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        made = self.generator(latent, noise=self.noise(batch), truncation=self.truncation)
        return {"output": self.generator.enlarged(made)}
