"""L5: fidelity that counts more at edges."""

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance


class EdgeWeighted(nn.Module):
    """Edge-weighted fidelity, L5 of the review: mean of w |output - target|^power, w = 1 + |grad target| / max.

    Central differences (one-sided at the rim), the maximum of each image, no gradient through w; a constant target
    has w = 1. After BenTaieb and Hamarneh 2018, whose own weights are not published; this form is ours.
    """

    key = "L5"

    def __init__(self, power: int = 1):
        super().__init__()
        self.power = checked(power)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        weight = edge_weights(target)
        # the distance divides by the sum of the weights, the term by the number of voxels
        return distance(output, target, self.power, weight) * weight.mean()


class EdgesKept(EdgeWeighted):
    """As `EdgeWeighted`, with the source for the target: edges of the input tied without a pair.

    BenTaieb and Hamarneh 2018 tie a stain transfer to its own input so.
    """

    key = "L5-source"

    def forward(self, output: Tensor, source: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        return super().forward(output, source)


@torch.no_grad()
def edge_weights(image: Tensor) -> Tensor:
    """1 + |grad| / max |grad| of images (B, C, *S), the maximum over channels and voxels of each."""
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    axes = [axis for axis in range(2, image.ndim) if image.shape[axis] > 1]
    slopes = torch.gradient(image, dim=axes) if axes else [torch.zeros_like(image)]
    steepness = torch.stack(list(slopes)).square().sum(0).sqrt()
    steepest = steepness.flatten(1).amax(1).view(-1, *[1] * (image.ndim - 1))
    return 1 + steepness / torch.where(steepest > 0, steepest, 1.0)
