"""What a physical operator is."""

from copy import copy
from typing import Self

from torch import Tensor, nn

from adversaria.vocabulary import Batch


class Operator(nn.Module):
    """A model of an acquisition: `A` measures, `adjoint` is its transpose, <A x, y> = <x, adjoint y>.

    `inverse` gives an image from a measurement where there is a direct way. Complex tensors stay complex;
    `channels` and `complex_of` of this room stand at a network's edge.
    """

    key = ""
    many_channels = False  # whether `measure` takes images of several channels
    smaller = False  # whether `measure` gives fewer voxels
    by_slice = False  # whether `measure` takes a volume slice by slice itself

    def of(self, batch: Batch) -> "Operator":
        """Bind the tensors of a case (masks, coils, angles); by default there are none."""
        return self

    def bound(self, **tensors: Tensor) -> Self:
        """Give a copy that holds these tensors under these names and shares everything else."""
        other = copy(self)
        other.__dict__.update(tensors)
        return other

    def A(self, x: Tensor) -> Tensor:  # noqa: N802  the field's name
        """Measure an image."""
        raise TypeError(f"{type(self).__name__} defines no A")

    def adjoint(self, y: Tensor) -> Tensor:
        """Apply the transpose to a measurement."""
        raise TypeError(f"{type(self).__name__} defines no adjoint")

    def forward(self, x: Tensor) -> Tensor:
        """Measure an image."""
        return self.A(x)
