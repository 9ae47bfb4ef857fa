"""The activation of discriminators."""

from torch import nn


class LeakyReLU(nn.LeakyReLU):
    """Leaky ReLU (Maas et al. 2013, section 2): max(x, a x).

    The slope is DCGAN's 0.2, which GANs took over; the source paper has 0.01.
    """

    key = "leaky-relu"

    def __init__(self, negative_slope: float = 0.2):
        super().__init__(negative_slope)
