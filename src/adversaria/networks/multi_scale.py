"""Several patch discriminators on the same image at halved sizes."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d

from adversaria.networks.patch_gan import PatchGAN


class MultiScale(nn.Module):
    """Multi-scale discriminator (Wang et al. 2018, section 3.2): `scales` equal PatchGANs, each on half the size.

    The image, with its condition, is average-pooled by 2 from one to the next. Gives a list of score maps,
    finest first; `features` lists the activations of all scales, finest first.
    """

    key = "multi-scale"

    def __init__(
        self,
        in_channels: int = 1,
        condition_channels: int = 0,
        scales: int = 3,
        layers: int = 3,
        width: int = 64,
        norm: str = "instance",
        dims: int = 2,
    ):
        super().__init__()
        self.dims = dims
        self.parts = nn.ModuleList(
            PatchGAN(in_channels, condition_channels, layers, width, norm, dims) for _ in range(scales)
        )

    def pyramid(self, image: Tensor, condition: Tensor | None) -> list[Tensor]:
        """The image and its condition, joined, at every scale."""
        joined = image if condition is None else torch.cat([image, condition], 1)
        pool = avg_pool2d if self.dims == 2 else avg_pool3d
        levels = [joined]
        for _ in range(len(self.parts) - 1):
            levels.append(pool(levels[-1], 2))
        return levels

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations of every block at every scale."""
        levels = self.pyramid(image, condition)
        return [found for part, level in zip(self.parts, levels, strict=True) for found in _look(part, level)]

    def forward(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """Give a map of raw scores for each scale."""
        return [part(level) for part, level in zip(self.parts, self.pyramid(image, condition), strict=True)]


def _look(part: nn.Module, level: Tensor) -> list[Tensor]:
    assert isinstance(part, PatchGAN)
    return part.features(level)
