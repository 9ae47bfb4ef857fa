"""The discriminator of SPADE."""

from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.multi_scale import MultiScale


class SPADEDiscriminator(MultiScale):
    """Discriminator of SPADE (Park et al. 2019, appendix A): pix2pixHD's at several scales, with spectral norm.

    It gives a list of maps of scores, the finest first; instance norm stays beside the spectral norm. A label map is
    joined to the image as the condition.
    """

    key = "spade"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        scales: int = 3,
        layers: int = 3,
        width: int = 64,
        dims: int = 2,
    ):
        super().__init__(in_channels, condition_channels, scales, layers, width, "instance", dims)
        spectral(self)
