"""A segmenter that shows its features, and a discriminator that looks at them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation
from adversaria.networks.initialise import normal


class FeatureSegmenter(nn.Module):
    """Segmenter whose layers can be looked at: `layers` 3x3 convolutions with dilations 1, 1, 2, 4, 8, ..., 1x1 head.

    All layers keep the size, in the manner of DeepMedic (Kamnitsas et al. 2017), so that activations of several
    depths can be joined. `taps` are the layers that `features` lists; the last layer is always the last of them.
    """

    key = "feature-segmenter"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        layers: int = 6,
        width: int = 32,
        taps: tuple[int, ...] = (3, 5),
        norm: str = "instance",
        dims: int = 2,
    ):
        super().__init__()
        kind = nn.Conv2d if dims == 2 else nn.Conv3d
        self.taps = (*sorted({tap for tap in taps if tap < layers - 1}), layers - 1)
        self.body = nn.ModuleList()
        for index in range(layers):
            dilation = 2 ** max(index - 1, 0)
            inputs = in_channels if index == 0 else width
            layer = kind(inputs, width, 3, padding=dilation, dilation=dilation)
            self.body.append(nn.Sequential(layer, normalisation(norm, dims, width), nn.LeakyReLU(0.01)))
        self.head = convolution(dims, width, out_channels, 1)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations of the tapped layers (B, width, *S)."""
        value, found = image, []
        for index, layer in enumerate(self.body):
            value = layer(value)
            if index in self.taps:
                found.append(value)
        return found

    def predict(self, features: Sequence[Tensor]) -> Tensor:
        """Give logits (B, K, *S) from the last of the features."""
        return self.head(features[-1])

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, *S)."""
        return self.predict(self.features(image))


class FeatureDiscriminator(nn.Module):
    """Domain discriminator (Kamnitsas et al. 2017, section 2.2): features of several layers, joined, to a score map.

    `in_channels` is the sum of their widths. Strided 3x3 convolutions, LeakyReLU 0.2, widths doubling.
    """

    key = "feature-discriminator"

    def __init__(self, in_channels: int = 64, layers: int = 3, width: int = 32, dims: int = 2):
        super().__init__()
        widths = [in_channels, *(width * 2**k for k in range(layers))]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [convolution(dims, inputs, outputs, 3, 2, 1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*parts, convolution(dims, widths[-1], 1, 1))
        normal(self)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Score lists of (B, C, *S)."""
        return self.body(torch.cat(list(features), 1))
