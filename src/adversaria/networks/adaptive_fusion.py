"""Several candidates of one image, blended voxel by voxel."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.initialise import normal
from adversaria.networks.unet import UNet


class AdaptiveFusion(nn.Module):
    """Locally adaptive fusion (after Yu et al. 2018): sum_k w_k y_k, w = softmax of a small network, at every voxel.

    Candidates y_k come from U-Nets of `depth`, `depth` - 1, ... levels (`candidates` of them), so that each sees as far
    as its depth; the weights come from the input and all candidates through three 3x3 convolutions. How the paper's
    network is built could not be confirmed: this is ours, and its U-Nets leave no checkerboard (`hold`). Every side
    must be divisible by 2**depth.
    """

    key = "adaptive-fusion"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        candidates: int = 3,
        depth: int = 5,
        width: int = 32,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        self.nets = nn.ModuleList(
            UNet(in_channels, out_channels, depth - k, width, norm, 0.0, final, dims, hold=True)
            for k in range(candidates)
        )
        joined = in_channels + candidates * out_channels
        self.fuse = nn.Sequential(
            convolution(dims, joined, width, 3, 1, 1),
            nn.LeakyReLU(0.2),
            convolution(dims, width, width, 3, 1, 1),
            nn.LeakyReLU(0.2),
            convolution(dims, width, candidates, 3, 1, 1),
        )
        normal(self.fuse)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C', *S)."""
        value = image if condition is None else torch.cat([image, condition], 1)
        made = [net(value) for net in self.nets]
        weights = self.fuse(torch.cat([value, *made], 1)).softmax(1)
        return torch.stack([weights[:, k : k + 1] * y for k, y in enumerate(made)]).sum(0)
