"""L16: a code that stays near its prior."""

import torch
from torch import Tensor, nn


class LatentKL(nn.Module):
    """Kullback-Leibler term, L16 of the review: KL(N(mean, s^2) || N(0, I)) (Kingma and Welling 2014, appendix B).

    1/2 sum (mean^2 + s^2 - log s^2 - 1) over the code's elements, averaged over the batch. Without `log_variance`,
    log s^2, the variance is 1 and mean^2 / 2 is left, as in UNIT.
    """

    key = "L16"

    def forward(self, mean: Tensor, log_variance: Tensor | None = None) -> Tensor:
        """Judge the code (B, ...) of an encoder."""
        mean = mean.to(torch.promote_types(mean.dtype, torch.float32))
        total = mean.square()
        if log_variance is not None:
            if log_variance.shape != mean.shape:
                raise ValueError(f"cannot compare {tuple(mean.shape)} with {tuple(log_variance.shape)}")
            log_variance = log_variance.to(mean.dtype)
            total = total + torch.expm1(log_variance) - log_variance
        return total.flatten(1).sum(1).mean() / 2
