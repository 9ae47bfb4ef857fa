"""The bidirectional GAN."""

from torch import Tensor

from adversaria.games.ali import ALI
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class BiGAN(ALI):
    """Bidirectional GAN (Donahue et al. 2017, eq. 2-3).

    min_{G,E} max_D  E_x log D(x, E(x)) + E_z log(1 - D(G(z), z)),   z ~ U(-1, 1)

    Played as `ALI`, with an encoder that gives one code for each image. At the optimum E inverts G. The
    encoder is E and the decoder is G. Reads `image`.
    """

    key = "bigan"
    optimisers = {
        "generators": Adam(2e-4, (0.5, 0.999), 2.5e-5),
        "discriminator": Adam(2e-4, (0.5, 0.999), 2.5e-5),
    }

    def prior(self, batch: Batch) -> Tensor:
        """Draw codes."""
        return 2 * self.uniform(batch, "latent", self.latent_shape) - 1

    def encode(self, batch: Batch, image: Tensor) -> Tensor:
        """Give the code of each image."""
        code: Tensor = self.encoder(image)
        return code
