"""A network that works on the sub-bands of a Haar wavelet."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from adversaria.vocabulary import UserError


def haar(image: Tensor) -> Tensor:
    """Split (B, C, *S), even sides, into the orthonormal Haar sub-bands (B, 2**dims C, *S/2), the mean one first."""
    for axis in range(2, image.ndim):
        if image.shape[axis] % 2:
            raise UserError(f"sub-bands need even sides, not {tuple(image.shape[2:])}.", "Choose an even patch.")
        even, odd = (_every(image, axis, first) for first in (0, 1))
        image = torch.cat([even + odd, even - odd], 1) / 2**0.5
    return image


def inverse_haar(bands: Tensor) -> Tensor:
    """Join the sub-bands of `haar` to (B, C, *S)."""
    for axis in reversed(range(2, bands.ndim)):
        total, difference = bands.chunk(2, 1)
        pair = torch.stack([total + difference, total - difference], axis + 1) / 2**0.5
        bands = pair.flatten(axis, axis + 1)
    return bands


def _every(image: Tensor, axis: int, first: int) -> Tensor:
    places = torch.arange(first, image.shape[axis], 2, device=image.device)
    return image.index_select(axis, places)


class HaarDomain(nn.Module):
    """A translator in the wavelet domain (Oh and Yun 2018): splits an image into sub-bands, translates, joins them.

    `network` takes and gives 2**dims channels for each channel of the image, at half the size; its last layer must not
    be bounded, since sub-bands reach beyond the image's range. (B, C, *S) to (B, C, *S).
    """

    key = "haar-domain"
    wraps: ClassVar[Mapping[str, Mapping[str, int]]] = {"network": {}}

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate."""
        return inverse_haar(self.network(haar(image) if condition is None else haar(torch.cat([image, condition], 1))))


class OfHaar(nn.Module):
    """A discriminator of the sub-bands of an image (Oh and Yun 2018); the inner `network` sees 2**dims C channels."""

    key = "of-haar"
    wraps: ClassVar[Mapping[str, Mapping[str, int]]] = {"network": {}}

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the inner network's activations."""
        look: Any = self.network.features
        found: list[Tensor] = look(haar(image))
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Any:
        """Give raw scores."""
        return self.network(haar(image))
