"""An encoder in the manner of DCGAN."""

from torch import Tensor, nn

from adversaria.networks.headed_dcgan import HeadedDCGAN


class DCGANEncoder(nn.Module):
    """Deterministic encoder (Donahue et al. 2017, appendix C: the discriminator of DCGAN with a code at its end)."""

    key = "dcgan-encoder"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 64,
        latent: int = 100,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        self.body = HeadedDCGAN(in_channels, size, False, 0, latent, width, norm, dims=dims)

    def forward(self, image: Tensor) -> Tensor:
        """Give the codes (B, N) of (B, C, *S)."""
        return self.body(image)["code"]
