"""What an endomicroscope displays."""

import torch
from torch import Tensor

from adversaria.physics.fibres import FibreBundle


class FibreView(FibreBundle):
    """The displayed image of a fibre bundle: each fibre's mean over its cell, interpolated between fibres.

    Linear, from images to images of the same size: `FibreBundle`'s inverse after its A. Closes the cycle of Ravi et
    al. 2018 on images that were displayed so.
    """

    key = "fibre-view"

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Average cells and interpolate."""
        return FibreBundle.inverse(self, super().A(x))

    def adjoint(self, y: Tensor) -> Tensor:
        """Spread each pixel over its three fibres, and these over their cells."""
        weighed = y.flatten(2)[..., None] * self.share.to(y.dtype)
        fibres = y.new_zeros(*y.shape[:2], len(self.size_of))
        fibres = fibres.index_add(2, self.corner.flatten(), weighed.flatten(2))
        return super().adjoint(fibres)

    def inverse(self, y: Tensor) -> Tensor:
        """Give the displayed image itself."""
        return y

    def measure(self, x: Tensor, spacing: float, random: object) -> Tensor:
        """Display an image without noise."""
        return self.A(x.to(torch.promote_types(x.dtype, torch.float32)))
