"""The generator with a path of its own inside the box."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of, normalisation
from adversaria.networks.initialise import normal
from adversaria.networks.place import box_maps, crop, paste
from adversaria.networks.text import planes
from adversaria.networks.text_gan import Rise


class LocationGenerator(nn.Module):
    """Generator of what and where (Reed et al. 2016, section 4.1, figure 2): noise, a sentence, and boxes to an image.

    On a grid of 16 places a side the sentence is repeated inside the box (0 outside). The global path turns this and
    the noise into maps; the local path looks at what lies in the box through a spatial transformer, and its maps are
    put back there. Both are joined and doubled to the size of the image.
    """

    key = "location-generator"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 128,
        latent: int = 100,
        text: int = 64,
        width: int = 32,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape, self.dims = (latent,), dims
        levels = levels_of(size, 16, "GAWWN")
        self.inner, self.factor = (16,) * dims, 2**levels
        inside = [convolution(dims, text + latent, 4 * width, 3, 1, 1), normalisation(norm, dims, 4 * width), nn.ReLU()]
        whole = [convolution(dims, text + latent, 4 * width, 3, 2, 1), normalisation(norm, dims, 4 * width), nn.ReLU()]
        self.inside = nn.Sequential(*inside, convolution(dims, 4 * width, 4 * width, 3, 1, 1), nn.ReLU())
        self.whole = nn.Sequential(*whole, Rise(4 * width, 4 * width, norm, dims))
        widths = [8 * width, *(max(4 * width // 2**k, width) for k in range(levels))]
        rises = [Rise(inputs, outputs, norm, dims) for inputs, outputs in zip(widths[:-1], widths[1:], strict=True)]
        self.up = nn.Sequential(*rises, convolution(dims, widths[-1], out_channels, 3, 1, 1), nn.Tanh())
        normal(self)

    def forward(self, latent: Tensor, condition: Tensor, boxes: Tensor) -> Tensor:
        """Make the image; boxes (B, dims, 2) in voxels of the image."""
        small = boxes.to(latent.dtype) / self.factor
        whole = torch.stack([small[..., 0].floor(), small[..., 1].ceil()], -1)
        said = planes(condition, self.inner) * box_maps(whole, self.inner).to(latent.dtype)
        start = torch.cat([said, planes(latent, self.inner)], 1)
        local = paste(self.inside(crop(start, whole, self.inner)), whole, self.inner)
        return self.up(torch.cat([self.whole(start), local], 1))
