"""The generative adversarial network."""

from torch import Tensor, nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import Augmentation, NoAugmentation, NonSaturating, NoPenalty, Objective, Penalty
from adversaria.vocabulary import Batch


class GAN(Game):
    """Generative adversarial network (Goodfellow et al. 2014, eq. 1 and algorithm 1).

    min_G max_D  E_x log D(x) + E_z log(1 - D(G(z))),   x real, z ~ N(0, I)

    By default the generator takes the non-saturating form that section 3 of the paper trains with,
    max_G E_z log D(G(z)). The rate is that of DCGAN (Radford et al. 2016): the paper gives none.
    With an `augmentation` the discriminator sees changed images alone, and the penalty is taken on those.
    Reads `image`.
    """

    key = "vanilla-gan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        penalty: Penalty = NoPenalty(),
        augmentation: Augmentation = NoAugmentation(),
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.penalty, self.augmentation = adversarial, penalty, augmentation

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        generated = self.generator(self.normal(batch, "latent", self.latent_shape))
        real, fake = self.augmented(batch, "real", batch["image"]), self.augmented(batch, "fake", generated)
        score, before = self.discriminator(real), self.augmentation.state()
        seen = yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(score, self.discriminator(fake)),
                **self.penalty.at(self.plays)(self.discriminator, real, fake, self.uniform(batch, "mix")),
                **self.augmentation.watch(score),
            },
        )
        self.augmentation.adapt(before, seen)
        fake = self.augmented(batch, "generator", generated)
        yield "generator", {"adversarial": self.adversarial.generator(self.discriminator(fake))}

    def augmented(self, batch: Batch, name: str, image: Tensor) -> Tensor:
        """Change images before the discriminator sees them, by draws of this name."""
        return self.augmentation(image, self.uniform(batch, f"augment {name}", (self.augmentation.draws,)))

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        return {"output": self.generator(latent)}
