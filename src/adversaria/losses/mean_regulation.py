"""L19: brightness that does not drift."""

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import distance


class MeanRegulation(nn.Module):
    """Contrast regulation, L19 of the review: mean over rows of |mean(output) - mean(source)|, plus over columns.

    Ravi et al. 2018 tie the row and column means of an image to those of its input, with sums for our means. In a
    volume the means are those of the slices across each of the three axes. Each channel counts for itself.
    """

    key = "L19"

    def forward(self, output: Tensor, source: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        if output.shape != source.shape:
            raise ValueError(f"cannot compare {tuple(output.shape)} with {tuple(source.shape)}")
        return torch.stack([distance(o, s, 1) for o, s in zip(_means(output), _means(source), strict=True)]).sum()


def _means(image: Tensor) -> list[Tensor]:
    """Means across each axis, (B, C, N) each."""
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    axes = range(2, image.ndim)
    return [image.mean(dim=[other for other in axes if other != axis]) for axis in axes]
