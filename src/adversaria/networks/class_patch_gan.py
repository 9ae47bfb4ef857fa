"""A patch discriminator that also names the class of what it sees."""

from torch import Tensor, nn

from adversaria.networks.patch_gan import PatchGAN


class ClassPatchGAN(nn.Module):
    """Patch discriminator with an auxiliary class head (as in Li and Shen 2018, after Odena et al. 2017).

    Gives {"score": a map of raw scores, "label": logits (B, `classes`)}; the head reads the mean of the last features.
    """

    key = "class-patchgan"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        classes: int = 2,
        layers: int = 3,
        width: int = 64,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.body = PatchGAN(in_channels, condition_channels, layers, width, norm, dims)
        self.label = nn.Linear(width * min(2**layers, 8), classes)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Give scores and class logits."""
        last = self.body.features(image, condition)[-1]
        return {"score": self.body.head(last), "label": self.label(last.flatten(2).mean(2))}
