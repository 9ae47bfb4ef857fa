"""A discriminator of codes."""

from torch import nn

from adversaria.networks.scoring import Discriminator


class LatentDiscriminator(Discriminator):
    """Judge of codes (Makhzani et al. 2016, appendix A: two dense layers of 1000, ReLU, one score)."""

    key = "latent-discriminator"

    def __init__(self, latent: int = 100, width: int = 1000, layers: int = 2):
        super().__init__()
        widths = [latent, *[width] * layers]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU())
            for inputs, outputs in zip(widths[:-1], widths[1:], strict=True)
        )
        self.head = nn.Linear(width, 1)
