"""The pair of networks of DCGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.layout import channels_last
from adversaria.networks.scoring import Discriminator


class DCGANGenerator(nn.Module):
    """Generator (Radford et al. 2016, section 3): transposed 4x4 convolutions from a latent vector.

    Batch norm and ReLU but at the output, which is tanh. `width` is that of the last hidden layer; it
    doubles towards the latent. The paper starts at 1024 channels; 512 is the common port for 64 pixels and
    our default.
    """

    key = "dcgan"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 64,
        latent: int = 100,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        self.dims = dims
        levels = levels_of(size, 4, "DCGAN")
        widths = [width * 2**k for k in reversed(range(levels))]
        parts: list[nn.Module] = [transposed(dims, latent, widths[0], 4, 1, 0, bias=norm == "none")]
        for inputs, outputs in zip(widths, [*widths[1:], out_channels], strict=True):
            parts += [normalisation(norm, dims, inputs), nn.ReLU()]
            parts.append(transposed(dims, inputs, outputs, 4, 2, 1, bias=False))
        self.body = nn.Sequential(*parts, nn.Tanh())
        normal(self)
        channels_last(self)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from (B, N)."""
        joined = latent if condition is None else torch.cat([latent, condition], 1)
        return self.body(joined.view(*joined.shape, *[1] * self.dims))


class DCGANDiscriminator(Discriminator):
    """Discriminator (Radford et al. 2016, section 3): strided 4x4 convolutions to one score.

    Batch norm but at the input, LeakyReLU 0.2, widths doubling from `width`.
    """

    key = "dcgan"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 64,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        levels = levels_of(size, 4, "DCGAN")
        widths = [in_channels + condition_channels] + [width * 2**k for k in range(levels)]
        blocks = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            parts = [convolution(dims, inputs, outputs, 4, 2, 1, bias=norm == "none")]
            parts += [normalisation(norm, dims, outputs)] if index else []
            blocks.append(nn.Sequential(*parts, LeakyReLU()))
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(convolution(dims, widths[-1], 1, 4, bias=False), nn.Flatten())
        normal(self)
        channels_last(self)
