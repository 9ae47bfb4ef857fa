"""A discriminator of pairs of an image and a code."""

import torch
from torch import Tensor, nn

from adversaria.networks.headed_dcgan import HeadedDCGAN


class JointDiscriminator(nn.Module):
    """Judge of pairs (image, code) (Dumoulin et al. 2017, table 4; Donahue et al. 2017): two trunks, then one.

    The image goes through the discriminator of DCGAN to `hidden` numbers, the code (B, `latent`) through
    two dense layers to as many; both are joined and judged by two dense layers. LeakyReLU 0.2, and
    `dropout` before each dense layer of the joint part (Dumoulin et al. 2017 have 0.2).
    """

    key = "joint-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 64,
        latent: int = 128,
        width: int = 64,
        hidden: int = 512,
        norm: str = "batch",
        dropout: float = 0.2,
        dims: int = 2,
    ):
        super().__init__()
        self.image = HeadedDCGAN(in_channels, size, False, 0, hidden, width, norm, dims=dims)
        slope, drop = nn.LeakyReLU(0.2), nn.Dropout(dropout)
        self.code = nn.Sequential(nn.Linear(latent, hidden), slope, nn.Linear(hidden, hidden), slope)
        self.joint = nn.Sequential(drop, nn.Linear(2 * hidden, 2 * hidden), slope, drop, nn.Linear(2 * hidden, 1))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give raw scores (B, 1) of images (B, C, *S) with codes (B, N)."""
        seen = nn.functional.leaky_relu(self.image(image)["code"], 0.2)
        assert condition is not None
        return self.joint(torch.cat([seen, self.code(condition)], 1))
