"""The residual discriminator that knows the class by projection."""

from torch import Tensor

from adversaria.networks.initialise import glorot
from adversaria.networks.layers.projection import Projection
from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.residual_gan import ResidualDiscriminator, SumPool


class ProjectionDiscriminator(ResidualDiscriminator):
    """Projection discriminator (Miyato and Koyama 2018, eq. 3 and figure 14): y^T V phi(x) + psi(phi(x)).

    phi is the residual discriminator up to the sum over the pixels. All layers, V included, are spectrally
    normalised. Called with an image (B, C, *S) and its class (B,).
    """

    key = "projection-discriminator"

    def __init__(self, in_channels: int = 1, classes: int = 2, size: int = 64, width: int = 64, dims: int = 2):
        super().__init__(in_channels, 0, size, width, "none", dims)
        wide = self.head[1].in_features  # type: ignore[index]
        self.head, self.project = SumPool(), Projection(wide, classes)
        glorot(self)
        spectral(self)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations after each block, first to last; the class plays no part."""
        return super().features(image)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give the raw score (B, 1)."""
        if condition is None:
            raise TypeError("a projection discriminator needs the class of each image")
        score: Tensor = self.project(self.head(self.features(image)[-1]), condition)
        return score
