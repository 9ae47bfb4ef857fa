"""A discriminator that looks at magnitudes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn


class OfMagnitude(nn.Module):
    """A discriminator of the root of the sum of squares over all channels, (B, 1, *S).

    Of a complex image as two channels that is its magnitude, of several coils' images what they show together. The
    inner `network` sees one channel, and no condition.
    """

    key = "of-magnitude"
    wraps: ClassVar[Mapping[str, Mapping[str, int]]] = {"network": {"in_channels": 1, "condition_channels": 0}}

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the inner network's activations."""
        look: Any = self.network.features
        found: list[Tensor] = look(magnitude(image))
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Any:
        """Give raw scores."""
        return self.network(magnitude(image))


def magnitude(image: Tensor) -> Tensor:
    """Root of the sum of squares over channels; its gradient is finite where all are zero."""
    return (image.square().sum(1, keepdim=True) + 1e-12).sqrt()
