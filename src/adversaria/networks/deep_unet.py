"""A U-Net that is told at every depth how well it does."""

from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import SegmentationUNet


class DeepUNet(nn.Module):
    """U-Net with deep supervision (Lee et al. 2015; Dou et al. 2016): logits at `heads` depths of the way up.

    Gives a list of logits, finest first, each at the size of its depth; `DeepSupervision` compares them with labels.
    """

    key = "deep-unet"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        depth: int = 4,
        width: int = 32,
        heads: int = 3,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.body = SegmentationUNet(in_channels, out_channels, depth, width, norm, dims)
        self.heads = nn.ModuleList(convolution(dims, width * 2**k, out_channels, 1) for k in range(1, heads))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """Give logits (B, K, *S), (B, K, *S/2), ..."""
        found = self.body.features(image, condition)[::-1]
        return [self.body.head(found[0]), *(head(f) for head, f in zip(self.heads, found[1:], strict=False))]
