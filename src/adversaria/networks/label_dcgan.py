"""The networks of DCGAN with a class label beside their input."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from adversaria.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from adversaria.vocabulary import UserError


class LabelDCGANGenerator(DCGANGenerator):
    """Generator of DCGAN with the one-hot label joined to the latent vector (Mirza and Osindero 2014)."""

    key = "label-dcgan-generator"

    def __init__(
        self,
        classes: int,
        out_channels: int = 1,
        size: int = 64,
        latent: int = 100,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__(out_channels, size, latent + classes, width, norm, dims)
        self.latent_shape, self.classes = (latent,), classes

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from (B, N) and labels (B,)."""
        return super().forward(latent, encoded(condition, self.classes).to(latent))


class LabelDCGANDiscriminator(DCGANDiscriminator):
    """Discriminator of DCGAN with the one-hot label joined to the image as constant maps (Mirza and Osindero 2014)."""

    key = "label-dcgan-discriminator"

    def __init__(
        self,
        classes: int,
        in_channels: int = 1,
        size: int = 64,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__(in_channels, classes, size, width, norm, dims)
        self.classes = classes

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations for images (B, C, *S) and labels (B,)."""
        code = encoded(condition, self.classes).to(image)
        maps = code.view(*code.shape, *[1] * self.dims).expand(*code.shape, *image.shape[2:])
        return super().features(torch.cat([image, maps], 1))


def encoded(label: Tensor | None, classes: int) -> Tensor:
    """Give the one-hot form (B, K) of labels (B,)."""
    if label is None:
        raise UserError("a network that is told the class was given none.", "Bind the word `label`.")
    return one_hot(label.long(), classes)
