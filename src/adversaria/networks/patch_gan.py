"""The discriminator that judges patches."""

from torch import nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.initialise import normal
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


class PatchGAN(Discriminator):
    """Patch discriminator (Isola et al. 2017, section 6.1.2): a map of scores, each of a 70-pixel field.

    4x4 convolutions of stride 2 (`layers` of them) and 1, widths doubling from `width` up to 8 times it,
    LeakyReLU 0.2, no normalisation in the first layer. Layers followed by batch norm have no bias.
    """

    key = "patchgan"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        layers: int = 3,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * min(2**k, 8) for k in range(layers + 1)]
        blocks = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            parts = [
                convolution(dims, inputs, outputs, 4, 2 if index < layers else 1, 1, index == 0 or norm != "batch")
            ]
            parts += [normalisation(norm, dims, outputs)] if index else []
            blocks.append(nn.Sequential(*parts, LeakyReLU()))
        self.blocks = nn.ModuleList(blocks)
        self.head = convolution(dims, widths[-1], 1, 4, 1, 1)
        normal(self)
