"""Normalisation over the slices of one patient."""

from torch import Tensor, nn, ones, zeros
from torch.nn.functional import instance_norm


class PatientNorm(nn.Module):
    """Patient-wise normalisation (as in Rezaei et al. 2018): g (x - mean) / sqrt(var + eps) + b.

    Their patient-wise batch norm trains on one patient at a time, so that a batch's statistics are those of one
    patient's slices. Here a sample (C, *S) is a run of slices, its last axis counting them, and mean and variance of
    a channel run over all of it, in training and afterwards: patients never mix, whatever the size of the batch.
    """

    key = "patient-norm"

    def __init__(self, width: int, dims: int = 3, eps: float = 1e-5):
        super().__init__()
        self.dims, self.eps = dims, eps
        self.weight, self.bias = nn.Parameter(ones(width)), nn.Parameter(zeros(width))

    def forward(self, value: Tensor) -> Tensor:
        """Normalise (B, C, *S)."""
        return instance_norm(value, weight=self.weight, bias=self.bias, eps=self.eps)
