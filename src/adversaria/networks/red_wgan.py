"""The networks of RED-WGAN."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.scoring import Discriminator


class ResidualEncoderDecoder(nn.Module):
    """Residual encoder-decoder (Ran et al. 2019, and its code): 3x3 convolutions, widths doubling, and back.

    1, 2, 4 and 8 times `width`, no down-sampling; batch norm and leaky ReLU on both ways, the maps of the way in added
    on the way out, the input added before the last ReLU. Images are not negative. Source and target have equal
    channels.
    """

    key = "red-wgan"

    def __init__(
        self, in_channels: int = 1, out_channels: int = 1, width: int = 32, norm: str = "batch", dims: int = 3
    ):
        super().__init__()
        widths = [in_channels] + [width * 2**k for k in range(4)]
        bias = norm != "batch"
        self.down = nn.ModuleList(
            nn.Sequential(convolution(dims, a, b, 3, 1, 1, bias), normalisation(norm, dims, b), LeakyReLU())
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        back = [*widths[:0:-1], out_channels]
        self.up = nn.ModuleList(convolution(dims, a, b, 3, 1, 1) for a, b in zip(back[:-1], back[1:], strict=True))
        self.norms = nn.ModuleList(normalisation(norm, dims, b) for b in back[1:-1])

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C, *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        skips = []
        for block in self.down:
            value = block(value)
            skips.append(value)
        for layer, norm, skip in zip(self.up[:-1], self.norms, reversed(skips[:-1]), strict=True):
            value = nn.functional.leaky_relu(norm(layer(value)) + skip, 0.2)
        return (image + self.up[-1](value)).relu()


class DenseCritic(Discriminator):
    """Critic without strides (Ran et al. 2019, and its code): 3x3 convolutions of 1, 2, 4 times `width`, and dense 1.

    LeakyReLU 0.2, no norm; one dense layer sees the whole last map. `shape` is that of the patch, else `size` a side.
    """

    key = "dense-critic"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        size: int = 32,
        shape: tuple[int, ...] | None = None,
        width: int = 32,
        dims: int = 3,
    ):
        super().__init__()
        self.dims = dims
        widths = [in_channels + condition_channels] + [width * 2**k for k in range(3)]
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(dims, a, b, 3, 1, 1), nn.LeakyReLU(0.2))
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        voxels = torch.Size(shape or (size,) * dims).numel()
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(widths[-1] * voxels, 1))
