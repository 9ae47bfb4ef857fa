"""A segmenter in two parts: early layers that each domain has of its own, and later ones that all share."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation


def _layer(inputs: int, outputs: int, dilation: int, norm: str, dims: int) -> nn.Module:
    kind = nn.Conv2d if dims == 2 else nn.Conv3d
    return nn.Sequential(
        kind(inputs, outputs, 3, padding=dilation, dilation=dilation),
        normalisation(norm, dims, outputs),
        nn.LeakyReLU(0.01),
    )


class EarlyLayers(nn.Module):
    """The first layers of a segmenter (as in Dou et al. 2018, the domain adaptation module): 3x3 convolutions.

    Residual after the first; dilations 1, 1, 2, 2, 4, 4, ... and the size is kept. Gives (B, `width`, *S).
    """

    key = "early-layers"

    def __init__(self, in_channels: int = 1, layers: int = 6, width: int = 32, norm: str = "instance", dims: int = 2):
        super().__init__()
        inputs = [in_channels, *[width] * (layers - 1)]
        self.body = nn.ModuleList(_layer(a, width, 2 ** (k // 2), norm, dims) for k, a in enumerate(inputs))

    def forward(self, image: Tensor) -> Tensor:
        """Give features."""
        value = image
        for number, block in enumerate(self.body):
            value = block(value) + value if number else block(value)
        return value


class LateLayers(nn.Module):
    """The higher layers of a segmenter, which two domains share: residual dilated 3x3 convolutions, a 1x1 head.

    Gives the features that come in, the activations of every layer and the logits: a list of (B, C, *S), logits last.
    """

    key = "late-layers"

    def __init__(self, out_channels: int = 2, layers: int = 3, width: int = 32, norm: str = "instance", dims: int = 2):
        super().__init__()
        self.body = nn.ModuleList(_layer(width, width, 2 ** (layers - 1 - k), norm, dims) for k in range(layers))
        self.head = convolution(dims, width, out_channels, 1)

    def forward(self, features: Tensor) -> list[Tensor]:
        """Give the activations, logits last."""
        found = [features]
        for block in self.body:
            found.append(block(found[-1]) + found[-1])
        return [*found, self.head(found[-1])]


class DomainCritic(nn.Module):
    """Domain critic (as in Dou et al. 2018, figure 2): activations, logits and the arg-max map, joined.

    Strided 3x3 convolutions with LeakyReLU 0.2 and a mean: one score (B, 1). `in_channels` counts the depths' channels
    and those of the logits; the arg-max map, 0 to 1, is one channel more.
    """

    key = "domain-critic"

    def __init__(self, in_channels: int = 130, layers: int = 3, width: int = 32, dims: int = 2):
        super().__init__()
        widths = [in_channels + 1, *(width * 2**k for k in range(layers))]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [convolution(dims, inputs, outputs, 3, 2, 1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*parts)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, found: list[Tensor]) -> Tensor:
        """Score lists of activations, logits last."""
        classes = found[-1].shape[1]
        likeliest = found[-1].argmax(1, keepdim=True).to(found[-1].dtype) / max(classes - 1, 1)
        return self.head(self.body(torch.cat([*found, likeliest], 1)).flatten(2).mean(2))
