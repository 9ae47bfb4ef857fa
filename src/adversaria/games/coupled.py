"""Two games that share layers, and so learn a joint distribution from marginals."""

from torch import Tensor, nn

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class CoupledGAN(Game):
    """Coupled generative adversarial networks (Liu and Tuzel 2016, eq. 2 and 3).

    G_i = head_i o trunk from one z, D_i = trunk' o front_i, for two domains i:
    discriminators: sum over i of -log D_i(x_i) - log(1 - D_i(G_i(z)))
    generators:     sum over i of -log D_i(G_i(z))

    The first layers of the generators and the last of the discriminators exist once and get both games' gradients.
    No pairs are needed: x_1 is `source`, x_2 is `target`. `forward` gives the pair of one z as `source`
    and `output`.
    """

    key = "coupled-gan"
    given = ()
    players = {
        "generators": ("generator_trunk", "source_generator", "target_generator"),
        "discriminators": ("source_discriminator", "target_discriminator", "discriminator_trunk"),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator_trunk: nn.Module,
        source_generator: nn.Module,
        target_generator: nn.Module,
        source_discriminator: nn.Module,
        target_discriminator: nn.Module,
        discriminator_trunk: nn.Module,
        adversarial: Objective = NonSaturating(),
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator_trunk)
        self.generator_trunk, self.discriminator_trunk = generator_trunk, discriminator_trunk
        self.source_generator, self.target_generator = source_generator, target_generator
        self.source_discriminator, self.target_discriminator = source_discriminator, target_discriminator
        self.adversarial = adversarial

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Heads and fronts know their domain's channels; trunks the size."""
        return {
            "generator_trunk": {"size": "source"},
            "source_generator": {"out_channels": "source"},
            "target_generator": {"out_channels": "target"},
            "source_discriminator": {"in_channels": "source"},
            "target_discriminator": {"in_channels": "target"},
            "discriminator_trunk": {"size": "source"},
        }

    def play(self, batch: Batch) -> Play:
        """Both discriminators, then both generators, on images of one latent."""
        fakes = self.images(self.normal(batch, "latent", self.latent_shape))
        yield (
            "discriminators",
            {
                word: self.adversarial.discriminator(self.judged(word, batch[word]), self.judged(word, fake))
                for word, fake in fakes.items()
            },
        )
        yield (
            "generators",
            {word: self.adversarial.generator(self.judged(word, fake)) for word, fake in fakes.items()},
        )

    def images(self, latent: Tensor) -> dict[str, Tensor]:
        """Make the pair of images of a latent."""
        shared = self.generator_trunk(latent)
        return {"source": self.source_generator(shared), "target": self.target_generator(shared)}

    def judged(self, word: str, image: Tensor) -> Tensor:
        """Score an image of a domain."""
        return self.discriminator_trunk(getattr(self, f"{word}_discriminator")(image))

    def forward(self, batch: Batch) -> Batch:
        """Make one pair for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        made = self.images(latent)
        return {"output": made["target"], "source": made["source"]}
