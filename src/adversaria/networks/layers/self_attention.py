"""Attention of every pixel to every other."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, max_pool3d

from adversaria.networks.dims import convolution


class SelfAttention(nn.Module):
    """Self-attention (Zhang et al. 2019, eq. 1-3), with the pooled keys of BigGAN's code: x + gamma o(x).

    Queries and keys have an eighth of the channels, values a half; keys and values are max-pooled by 2. gamma
    starts at 0, so the layer starts as the identity. All convolutions are 1x1.
    """

    key = "self-attention"

    def __init__(self, width: int, dims: int = 2):
        super().__init__()
        few, half = max(1, width // 8), max(1, width // 2)
        self.query, self.keys, self.values, self.output = (
            convolution(dims, inputs, outputs, 1, bias=False)
            for inputs, outputs in ((width, few), (width, few), (width, half), (half, width))
        )
        self.gamma = nn.Parameter(torch.zeros(()))
        self.pool = max_pool2d if dims == 2 else max_pool3d

    def forward(self, value: Tensor) -> Tensor:
        """Let every pixel of (B, C, *S) look at the others."""
        query = self.query(value).flatten(2)
        keys, values = (self.pool(part(value), 2).flatten(2) for part in (self.keys, self.values))
        share = torch.softmax(query.transpose(1, 2) @ keys, 2)
        seen = (values @ share.transpose(1, 2)).view(len(value), -1, *value.shape[2:])
        return value + self.gamma * self.output(seen)
