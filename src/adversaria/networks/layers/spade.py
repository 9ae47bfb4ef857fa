"""Normalisation whose gain and bias are maps made from a label map."""

from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria.networks.dims import convolution
from adversaria.networks.layers.batch_norm import BatchNorm


class SPADE(nn.Module):
    """Spatially adaptive normalisation (Park et al. 2019, eq. 1): (1 + gamma(m)) (h - mu) / sigma + beta(m).

    mu and sigma are those of a channel over batch and pixels (batch norm without gain and bias). gamma and beta are
    maps: two 3x3 convolutions of the label map (B, `classes`, *S), resized to h by nearest neighbour; `hidden`
    channels and a ReLU lie between. The scale is 1 + gamma, as in the released code.
    """

    key = "spade"

    def __init__(self, width: int, classes: int, hidden: int = 128, dims: int = 2):
        super().__init__()
        self.norm = BatchNorm(width, dims, affine=False)
        self.shared = nn.Sequential(convolution(dims, classes, hidden, 3, 1, 1), nn.ReLU())
        self.maps = convolution(dims, hidden, 2 * width, 3, 1, 1)

    def forward(self, value: Tensor, mask: Tensor) -> Tensor:
        """Normalise (B, C, *S) and give it the mask's scale and shift."""
        resized = interpolate(mask.to(value.dtype), value.shape[2:], mode="nearest")
        gamma, beta = self.maps(self.shared(resized)).chunk(2, 1)
        plain: Tensor = self.norm(value)
        return plain * (1 + gamma) + beta
