"""A U-Net over the slices of a patient, with a memory from slice to slice."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, max_pool3d

from adversaria.networks.conv_lstm import ConvLSTM, thin
from adversaria.networks.layers.patient_norm import PatientNorm
from adversaria.networks.scoring import Discriminator


def _block(dims: int, inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(thin(dims, inputs, outputs, kernel), PatientNorm(outputs, dims), nn.LeakyReLU(0.2))


def _pooled(value: Tensor) -> Tensor:
    """Halve the slices of a stack, and not their number."""
    if value.ndim == 4:
        return max_pool2d(value, (2, 1), ceil_mode=True)
    return max_pool3d(value, (2, 2, 1), ceil_mode=True)


class RecurrentUNet(nn.Module):
    """Recurrent U-Net (as in Rezaei et al. 2018): slices are read by 2D layers, a two-way ConvLSTM lies at the bottom.

    The last axis of (B, C, *S) counts the slices of one patient; 5x5 kernels within a slice, `depth` halvings of it,
    widths doubling from `width`, patient-wise normalisation. Gives logits.
    """

    key = "recurrent-unet"

    def __init__(self, in_channels: int = 1, out_channels: int = 2, depth: int = 4, width: int = 24, dims: int = 3):
        super().__init__()
        widths = [width * 2**k for k in range(depth)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(_block(dims, a, b, 5) for a, b in zip(inputs, widths, strict=True))
        self.memory = ConvLSTM(widths[-1], widths[-1], dims)
        below = [*widths[1:], widths[-1]]
        self.up = nn.ModuleList(_block(dims, a + b, a, 5) for a, b in zip(widths, below, strict=True))
        self.head = thin(dims, width, out_channels, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        skips = []
        for block in self.down:
            skips.append(block(value))
            value = _pooled(skips[-1])
        value = self.memory(value)
        for block, skip in zip(reversed(list(self.up)), reversed(skips), strict=True):
            value = block(torch.cat([skip, interpolate(value, size=skip.shape[2:], mode="nearest")], 1))
        return self.head(value)


class RecurrentDiscriminator(Discriminator):
    """Discriminator with a memory from slice to slice (as in Rezaei et al. 2018): one score for each slice.

    The way down of `RecurrentUNet` and its ConvLSTM on image and map, and a dense layer on the mean of each slice.
    """

    key = "recurrent-discriminator"

    def __init__(
        self, in_channels: int = 2, condition_channels: int = 0, layers: int = 4, width: int = 24, dims: int = 3
    ):
        super().__init__()
        widths = [width * 2**k for k in range(layers)]
        inputs = [in_channels + condition_channels, *widths[:-1]]
        self.blocks = nn.ModuleList(
            nn.Sequential(_block(dims, a, b, 5), _Halved()) for a, b in zip(inputs, widths, strict=True)
        )
        self.blocks.append(ConvLSTM(widths[-1], widths[-1], dims))
        self.head = nn.Sequential(_SliceMean(), thin(dims, widths[-1], 1, 1))


class _Halved(nn.Module):
    def forward(self, value: Tensor) -> Tensor:
        return _pooled(value)


class _SliceMean(nn.Module):
    def forward(self, value: Tensor) -> Tensor:
        return value.mean(tuple(range(2, value.ndim - 1)), keepdim=True)
