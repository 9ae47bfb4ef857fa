"""The U-Net for label maps: pairs of convolutions and pooling, on images of any size."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, max_pool3d

from adversaria.networks.dims import convolution, normalisation


class Pair(nn.Sequential):
    """Two 3x3 convolutions, each with a normalisation and a ReLU."""

    def __init__(self, inputs: int, outputs: int, norm: str, dims: int):
        parts: list[nn.Module] = []
        for before in (inputs, outputs):
            parts += [convolution(dims, before, outputs, 3, 1, 1), normalisation(norm, dims, outputs), nn.ReLU()]
        super().__init__(*parts)


def pooled(value: Tensor) -> Tensor:
    """Take the maximum of blocks of 2 voxels in each direction of (B, C, *S); an odd rest is kept."""
    return (max_pool2d if value.ndim == 4 else max_pool3d)(value, 2, ceil_mode=True)


def enlarged(value: Tensor, like: Tensor) -> Tensor:
    """Interpolate linearly to the size of another map."""
    mode = "bilinear" if value.ndim == 4 else "trilinear"
    return interpolate(value, size=like.shape[2:], mode=mode, align_corners=False)


class SegmentationUNet(nn.Module):
    """U-Net (Ronneberger et al. 2015; in 3D Çiçek et al. 2016): pairs of 3x3 convolutions, `depth` poolings and back.

    Widths double from `width`. Convolutions are padded, and the way up interpolates, so the size is kept whatever it
    is. Gives logits (B, `out_channels`, *S). As in V-GAN (Son et al. 2017), whose width of 32 and batch norm these are.
    """

    key = "segmentation-unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        depth: int = 4,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        widths = [width * 2**k for k in range(depth + 1)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(Pair(a, b, norm, dims) for a, b in zip(inputs, widths, strict=True))
        self.up = nn.ModuleList(Pair(a + b, a, norm, dims) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.head = convolution(dims, width, out_channels, 1)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations on the way up, from the innermost to the finest."""
        value = image if condition is None else torch.cat([image, condition], 1)
        skips: list[Tensor] = []
        for block in self.down:
            value = block(pooled(value) if skips else value)
            skips.append(value)
        found = [skips[-1]]
        for block, skip in zip(reversed(list(self.up)), reversed(skips[:-1]), strict=True):
            found.append(block(torch.cat([skip, enlarged(found[-1], skip)], 1)))
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        return self.head(self.features(image, condition)[-1])
