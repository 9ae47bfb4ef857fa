"""L2: the error relative to the size of the target."""

import torch
from torch import Tensor, nn


class NormalisedError(nn.Module):
    """Root of the normalised mean squared error, a form of L2 of the review: mean over cases of |o - t| / |t|.

    The norms are Euclidean, over all entries of a case (Yang et al. 2018, DAGAN: its NMSE). A target of zeros counts
    as one of size 1e-12.
    """

    key = "L2"

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        if output.shape != target.shape:
            raise ValueError(f"cannot compare {tuple(output.shape)} with {tuple(target.shape)}")
        wide = torch.promote_types(output.dtype, torch.float32)
        apart, size = (torch.linalg.vector_norm(v.to(wide).flatten(1), dim=1) for v in (output - target, target))
        return (apart / size.clamp_min(1e-12)).mean()
