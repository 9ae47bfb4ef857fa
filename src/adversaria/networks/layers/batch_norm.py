"""Batch normalisation."""

from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm


class BatchNorm(_BatchNorm):
    """Batch normalisation (Ioffe and Szegedy 2015, algorithm 1): gamma (x - mean_B) / sqrt(var_B + eps) + beta.

    Mean and population variance run over the batch and all pixels of a channel of (B, `width`, *S). The
    running variance, used in eval mode, is the unbiased one. Real and generated images in one batch share their
    statistics, in two batches they do not. Not for a discriminator under a gradient penalty.
    """

    key = "batch-norm"

    def __init__(self, width: int, dims: int = 2, affine: bool = True, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__(width, eps, momentum, affine)
        self.dims = dims

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim != self.dims + 2:
            raise ValueError(f"expected (B, C, *S) with {self.dims} spatial axes, got {tuple(input.shape)}")
