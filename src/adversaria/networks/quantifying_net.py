"""A network that outlines and measures, and a judge of whether both fit together."""

import torch
from torch import Tensor, nn

from adversaria.networks.conv_lstm import ConvLSTM
from adversaria.networks.dims import convolution
from adversaria.networks.segmentation_unet import Pair, enlarged, pooled


class QuantifyingNet(nn.Module):
    """Map and indices of it at once (as in Xu et al. 2018, MuTGAN, figure 2), from frames along the last axis.

    3D convolutions in succession and a ConvLSTM over the frames make the shared features; one branch goes back up to
    logits with skips, the other to `values` numbers for each class above 0, from the features and the map: their means
    over the eight parts that halving every axis makes, since one mean would not tell where anything lies. Gives
    {"mask": logits (B, K, *S), "values": (B, values * (K - 1))}.
    """

    key = "quantifying-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        values: int = 3,
        depth: int = 3,
        width: int = 16,
        norm: str = "instance",
        dims: int = 3,
    ):
        super().__init__()
        widths = [width * 2**k for k in range(depth)]
        inputs = [in_channels, *widths[:-1]]
        self.down = nn.ModuleList(Pair(a, b, norm, dims) for a, b in zip(inputs, widths, strict=True))
        self.memory = ConvLSTM(widths[-1], widths[-1], dims)
        below = [*widths[1:], widths[-1]]
        self.up = nn.ModuleList(Pair(a + b, a, norm, dims) for a, b in zip(widths, below, strict=True))
        self.head = convolution(dims, width, out_channels, 1)
        self.parts = nn.AdaptiveAvgPool2d(2) if dims == 2 else nn.AdaptiveAvgPool3d(2)
        wide = (widths[-1] + out_channels) * 2**dims
        self.indices = nn.Sequential(nn.Linear(wide, 64), nn.ReLU(), nn.Linear(64, values * (out_channels - 1)))

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:
        """Give logits and numbers."""
        value, skips = image, []
        for block in self.down:
            skips.append(block(value))
            value = pooled(skips[-1])
        shared = value = self.memory(value)
        for block, skip in zip(reversed(list(self.up)), reversed(skips), strict=True):
            value = block(torch.cat([skip, enlarged(value, skip)], 1))
        logits = self.head(value)
        seen = torch.cat([self.parts(shared), self.parts(logits.softmax(1))], 1)
        return {"mask": logits, "values": self.indices(seen.flatten(1))}


class RelationDiscriminator(nn.Module):
    """Judge of pairs (map, indices) (as in Xu et al. 2018, the task-relatedness network): a two-way LSTM over both.

    The map (B, `in_channels`, *S) is brought to `width` numbers by strided convolutions, the indices to as many by a
    dense layer; an LSTM reads the two as a sequence. Gives a score (B, 1).
    """

    key = "relation-discriminator"

    def __init__(self, in_channels: int = 2, values: int = 3, layers: int = 3, width: int = 32, dims: int = 3):
        super().__init__()
        parts: list[nn.Module] = []
        for k in range(layers):
            parts += [convolution(dims, width if k else in_channels, width, 3, 2, 1), nn.LeakyReLU(0.2)]
        self.look = nn.Sequential(*parts)
        self.read = nn.Linear(values * (in_channels - 1), width)
        self.memory = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.head = nn.Linear(4 * width, 1)

    def forward(self, maps: Tensor, values: Tensor) -> Tensor:
        """Score maps with their indices."""
        sequence = torch.stack([self.look(maps).flatten(2).mean(2), self.read(values)], 1)
        states, _ = self.memory(sequence)
        return self.head(states.flatten(1))
