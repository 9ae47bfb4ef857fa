"""The deep image-to-image network of liver segmentation."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import SegmentationUNet, enlarged


class ImageToImageNet(nn.Module):
    """Deep image-to-image network (as in Yang et al. 2017, DI2IN, figure 1): features of all depths are joined.

    An encoder-decoder whose activations of `heads` depths each give logits; these, enlarged to the input's size and
    joined, give the final ones. Gives a list, the final logits first, all of the input's size, for deep supervision.
    """

    key = "di2in"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        depth: int = 3,
        width: int = 16,
        heads: int = 3,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.body = SegmentationUNet(in_channels, out_channels, depth, width, norm, dims)
        self.body.head = nn.Identity()
        self.heads = nn.ModuleList(convolution(dims, width * 2**k, out_channels, 1) for k in range(heads))
        self.joined = convolution(dims, heads * out_channels, out_channels, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """Give the final logits (B, K, *S) and those of each depth, enlarged."""
        found = self.body.features(image, condition)[::-1]
        branches = [enlarged(head(f), image) for head, f in zip(self.heads, found, strict=False)]
        return [self.joined(torch.cat(branches, 1)), *branches]
