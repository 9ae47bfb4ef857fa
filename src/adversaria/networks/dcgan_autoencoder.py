"""An autoencoder in the manner of DCGAN, for discriminators that reconstruct."""

from torch import Tensor, nn

from adversaria.networks.dcgan import DCGANGenerator
from adversaria.networks.dcgan_encoder import DCGANEncoder


class DCGANAutoencoder(nn.Module):
    """Autoencoder of strided convolutions (Zhao et al. 2017, appendix: the discriminator of EBGAN).

    The encoder is that of DCGAN with a code of `code` numbers, the decoder is its generator. Gives
    `restored` (B, C, *S), in (-1, 1), and `code` (B, N).
    """

    key = "dcgan-autoencoder"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 64,
        code: int = 64,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.encoder = DCGANEncoder(in_channels, size, code, width, norm, dims)
        self.decoder = DCGANGenerator(in_channels, size, code, width, norm, dims)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Give the reconstruction and the code."""
        code = self.encoder(image)
        return {"restored": self.decoder(code), "code": code}
