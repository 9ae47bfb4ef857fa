"""The translator of Kang et al. for multiphase CT."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, normalisation


class _Module(nn.Module):
    """Three 3x3 convolutions with batch norm and ReLU, bypassed."""

    def __init__(self, width: int, norm: str, dims: int):
        super().__init__()
        parts: list[nn.Module] = []
        for _ in range(3):
            parts += [convolution(dims, width, width, 3, 1, 1), normalisation(norm, dims, width), nn.ReLU()]
        self.body = nn.Sequential(*parts)

    def forward(self, value: Tensor) -> Tensor:
        return value + self.body(value)


class CycleDenoiser(nn.Module):
    """Denoising translator without down-sampling (Kang et al. 2019): modules, all joined, input added.

    A 3x3 convolution of `width`, `modules` of three convolutions with a bypass, the inputs of all modules
    and the last output joined along the channels and brought back to `width`, a last 3x3 convolution, and
    the input added. Source and target must have equal channels.
    """

    key = "cycle-denoiser"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modules: int = 6,
        width: int = 128,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.first = nn.Sequential(convolution(dims, in_channels, width, 3, 1, 1), nn.ReLU())
        self.blocks = nn.ModuleList(_Module(width, norm, dims) for _ in range(modules))
        self.join = nn.Sequential(convolution(dims, width * (modules + 1), width, 3, 1, 1), nn.ReLU())
        self.last = convolution(dims, width, out_channels, 3, 1, 1)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Translate (B, C, *S) to (B, C, *S)."""
        maps = [self.first(image)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        return image + self.last(self.join(torch.cat(maps, 1)))
