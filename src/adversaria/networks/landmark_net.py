"""A network that outlines an organ and finds its landmarks."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import Pair, SegmentationUNet


class LandmarkUNet(nn.Module):
    """Landmarks and contour at once (as in Tuysuzoglu et al. 2018, figure 1): one trunk, a branch for each.

    A U-Net's last features go through a pair of convolutions to logits of the organ, and through another to a heat
    map for each of `landmarks`. Gives {"mask": logits (B, K, *S), "landmarks": (B, landmarks, *S)}.
    """

    key = "landmark-unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        landmarks: int = 4,
        depth: int = 4,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.body = SegmentationUNet(in_channels, width, depth, width, norm, dims)
        self.contour = nn.Sequential(Pair(width, width, norm, dims), convolution(dims, width, out_channels, 1))
        self.places = nn.Sequential(Pair(width, width, norm, dims), convolution(dims, width, landmarks, 1))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Give logits and heat maps."""
        value = torch.relu(self.body(image, condition))
        return {"mask": self.contour(value), "landmarks": self.places(value)}
