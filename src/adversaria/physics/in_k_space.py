"""A network that works on k-space."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from adversaria.physics.complex import channels, complex_of
from adversaria.physics.fourier import fourier, inverse_fourier


class InKSpace(nn.Module):
    """Runs a `network` on the orthonormal Fourier transform of complex images: (B, 2 C, *S) to (B, 2 C, *S).

    Real and imaginary parts are channels on both sides. What the network gives is k-space, of which the image is made.
    """

    key = "in-k-space"
    wraps: ClassVar[Mapping[str, Mapping[str, int]]] = {"network": {}}
    reads = ()

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Complete k-space."""
        k = channels(fourier(complex_of(image.float() if image.dtype.itemsize < 4 else image)))
        made = self.network(k.to(image.dtype))
        wide = made.float() if made.dtype.itemsize < 4 else made
        return channels(inverse_fourier(complex_of(wide)))
