"""The conveying-path encoder-decoder."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from adversaria.networks.dims import convolution, transposed


class CPCE(nn.Module):
    """Conveying-path convolutional encoder-decoder (Shan et al. 2018, figure 2): 2D, or 3D in and slices out.

    Four 3x3(x3) convolutions of `width` without padding, then four transposed ones back; after the first three of
    these the matching map of the encoder is joined and a 1x1 convolution brings it back to `width`. ReLU after every
    layer, no bias, no norm. In 3D the encoder looks along the third axis and the decoder works slice by slice: each
    slice is made from the four on either side of it, and the volume is continued by its first and last slice, so that
    its size is kept (the paper gives the middle slice of 3 to 9).
    """

    key = "cpce"

    def __init__(self, in_channels: int = 1, out_channels: int = 1, width: int = 32, dims: int = 2):
        super().__init__()
        self.dims = dims
        widths = [in_channels, *[width] * 4]
        self.encoder = nn.ModuleList(
            convolution(dims, a, b, 3, bias=False) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        outputs = [width] * 3 + [out_channels]
        self.decoder = nn.ModuleList(transposed(2, width, b, 3, bias=False) for b in outputs)
        self.join = nn.ModuleList(convolution(2, 2 * width, width, 1, bias=False) for _ in range(3))
        for layer in [*self.encoder, *self.decoder, *self.join]:
            kept: Any = layer
            nn.init.kaiming_normal_(kept.weight, nonlinearity="relu")

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value, skips = image if condition is None else torch.cat([image, condition], 1), []
        if self.dims == 3:
            value = pad(value, (4, 4), mode="replicate") if value.ndim == 3 else _continued(value, 4)
        for layer in self.encoder:
            value = relu(layer(value))
            skips.append(value)
        if self.dims == 3:
            depth = value.shape[-1]
            skips = [_slices(skip, depth) for skip in skips]
            value = skips[-1]
        for k, layer in enumerate(self.decoder):
            value = relu(layer(value))
            if k < 3:
                value = relu(self.join[k](torch.cat([value, skips[2 - k]], 1)))
        return value if self.dims == 2 else value.unflatten(0, (len(image), -1)).movedim(1, -1)


def _continued(volume: Tensor, by: int) -> Tensor:
    """Repeat the first and the last slice."""
    return pad(volume, (by, by, 0, 0, 0, 0), mode="replicate")


def _slices(volume: Tensor, depth: int) -> Tensor:
    """The middle `depth` slices of (B, C, H, W, D) as images (B depth, C, H, W)."""
    first = (volume.shape[-1] - depth) // 2
    return volume.narrow(-1, first, depth).movedim(-1, 1).flatten(0, 1)
