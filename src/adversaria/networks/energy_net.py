"""An autoencoder of stacks of heat maps, whose error is their energy."""

from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import enlarged, pooled


class EnergyAutoencoder(nn.Module):
    """Energy of a stack of maps (Sekuboyina et al. 2018, section 2.2): fully convolutional, over classes and space.

    The K maps (B, K, *V) are one image with one axis more, so that the order of the vertebrae is part of what is
    learned: 5x5x5 convolutions of 5 and 10 channels, two poolings, one dilated by 2 within the maps, and back. Gives
    maps restored.
    """

    key = "energy-autoencoder"

    def __init__(self, width: int = 5, kernel: int = 5, dims: int = 3):
        super().__init__()
        half = kernel // 2
        self.first = convolution(dims, 1, width, kernel, 1, half)
        self.second = convolution(dims, width, 2 * width, kernel, 1, half)
        wide = 2 * width
        self.third = (
            nn.Conv2d(wide, wide, kernel, padding=(half, 2 * half), dilation=(1, 2))
            if dims == 2
            else nn.Conv3d(wide, wide, kernel, padding=(half, 2 * half, 2 * half), dilation=(1, 2, 2))
        )
        self.fourth = convolution(dims, 2 * width, 2 * width, kernel, 1, half)
        self.last = convolution(dims, 2 * width, 1, kernel, 1, half)
        self.active = nn.LeakyReLU(0.2)

    def forward(self, maps: Tensor) -> Tensor:
        """Restore maps (B, K, *V)."""
        volume = maps[:, None]
        first = self.active(self.first(volume))
        second = self.active(self.second(pooled(first)))
        third = self.active(self.third(pooled(second)))
        value = self.active(self.fourth(enlarged(third, second)))
        return self.last(enlarged(value, first))[:, 0]
