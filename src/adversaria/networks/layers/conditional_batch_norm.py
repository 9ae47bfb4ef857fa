"""Batch normalisation whose gain and bias depend on the class."""

from torch import Tensor, nn

from adversaria.networks.layers.batch_norm import BatchNorm


class ConditionalBatchNorm(nn.Module):
    """Conditional batch normalisation (Dumoulin et al. 2017, eq. 5; Miyato and Koyama 2018, section 5).

    gamma_y and beta_y, one pair for each of `classes`, start at 1 and 0. Called with (B, C, *S) and the
    class index (B,).
    """

    key = "conditional-batch-norm"

    def __init__(self, width: int, classes: int, dims: int = 2):
        super().__init__()
        self.norm = BatchNorm(width, dims, affine=False)
        self.gamma, self.beta = nn.Embedding(classes, width), nn.Embedding(classes, width)
        nn.init.ones_(self.gamma.weight)
        nn.init.zeros_(self.beta.weight)

    def forward(self, value: Tensor, label: Tensor) -> Tensor:
        """Normalise, then scale and shift by class."""
        shape = (*value.shape[:2], *[1] * (value.ndim - 2))
        plain: Tensor = self.norm(value)
        return plain * self.gamma(label.long()).view(shape) + self.beta(label.long()).view(shape)
