"""The discriminator of DCGAN with heads for classes and codes."""

from torch import Tensor, nn

from adversaria.networks.dcgan import DCGANDiscriminator
from adversaria.networks.dims import convolution
from adversaria.networks.initialise import normal
from adversaria.vocabulary import UserError


class HeadedDCGAN(DCGANDiscriminator):
    """Discriminator of DCGAN with several heads on one trunk (Odena et al. 2017; Chen et al. 2016).

    Gives a dictionary of what is asked for: `score` (B, 1); `label`, logits of `classes` (B, K); `code`,
    `codes` numbers that describe the posterior of a code (B, N): for InfoGAN its categories and twice its
    factors. `dropout` follows every block (Odena et al. 2017 have 0.5).
    """

    key = "headed-dcgan"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 64,
        score: bool = True,
        classes: int = 0,
        codes: int = 0,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.0,
        dims: int = 2,
    ):
        super().__init__(in_channels, 0, size, width, norm, dims)
        sizes = {name: n for name, n in (("score", int(score)), ("label", classes), ("code", codes)) if n}
        if not sizes:
            raise UserError("a discriminator without heads gives nothing.", "Write classes: 3, or score: true.")
        if dropout:
            self.blocks = nn.ModuleList(nn.Sequential(block, nn.Dropout(dropout)) for block in self.blocks)
        last = next(p for p in self.head.parameters()).shape[1]
        self.head = nn.ModuleDict(
            {name: nn.Sequential(convolution(dims, last, n, 4), nn.Flatten()) for name, n in sizes.items()}
        )
        self.classes = classes
        normal(self.head)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:  # type: ignore[override]
        """Give each head's answer to (B, C, *S)."""
        found = self.features(image, condition)[-1]
        assert isinstance(self.head, nn.ModuleDict)
        return {name: head(found) for name, head in self.head.items()}
