"""Networks that answer with a transformation."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.initialise import normal
from adversaria.networks.unet import UNet
from adversaria.networks.warp import affine_flow


class FlowUNet(nn.Module):
    """U-Net from a moving and a fixed image to a field of displacements (B, dims, *S) in mm (as Fan et al. 2018).

    `depth` halvings, instance norm, no dropout. The last layer starts near zero, so that the first answer is hardly to
    move anything; `reach` is what an output of 1 means, in mm.
    """

    key = "flow-unet"

    def __init__(self, in_channels: int = 2, depth: int = 4, width: int = 16, reach: float = 10.0, dims: int = 2):
        super().__init__()
        self.body = UNet(in_channels, width, depth, width, "instance", 0.0, "relu", dims)
        self.last = convolution(dims, width, dims, 3, 1, 1)
        self.reach = reach
        nn.init.normal_(self.last.weight, 0.0, 1e-3)  # type: ignore[arg-type]
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, moving: Tensor, fixed: Tensor) -> Tensor:
        """Give the field on the fixed grid: fixed(x) = moving(x + flow(x))."""
        return self.reach * self.last(self.body(torch.cat([moving, fixed], 1)))


class AffineNetwork(nn.Module):
    """Strided 3x3 convolutions to dims (dims + 1) numbers, 12 in 3D, as a field in mm (as Yan et al. 2018, section 2).

    The last layer starts near zero around the identity; the shift is `reach` mm for an output of 1.
    """

    key = "affine-network"

    def __init__(self, in_channels: int = 2, layers: int = 4, width: int = 16, reach: float = 10.0, dims: int = 2):
        super().__init__()
        widths = [in_channels, *(width * min(2**k, 8) for k in range(layers))]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [convolution(dims, inputs, outputs, 3, 2, 1), nn.LeakyReLU(0.2)]
        pool = nn.AdaptiveAvgPool2d(2) if dims == 2 else nn.AdaptiveAvgPool3d(2)
        last = nn.Linear(widths[-1] * 2**dims, dims * (dims + 1))
        self.body = nn.Sequential(*parts, pool, nn.Flatten(), last)
        normal(self)
        nn.init.normal_(last.weight, 0.0, 1e-3)
        scale = torch.tensor([*[0.1] * dims, reach]).repeat(dims)
        still = torch.eye(dims, dims + 1).flatten()
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("still", still, persistent=False)

    def numbers(self, moving: Tensor, fixed: Tensor) -> Tensor:
        """Give the rows of (A | t), t in mm: (B, dims (dims + 1))."""
        answer = self.body(torch.cat([moving, fixed], 1))
        return self.get_buffer("still").to(answer.dtype) + self.get_buffer("scale").to(answer.dtype) * answer

    def forward(self, moving: Tensor, fixed: Tensor) -> Tensor:
        """Give the field on the fixed grid, for voxels of 1 mm."""
        return affine_flow(self.numbers(moving, fixed), tuple(fixed.shape[2:]))
