"""What takes the checkerboard out of a transposed convolution."""

from torch import Tensor, nn
from torch.nn import functional


class ZeroOrderHold(nn.Module):
    """Mean of two neighbours along each axis, after which every side (B, C, *S) is one shorter.

    Behind a transposed convolution of stride 2 it gives all its phases one gain: away from the border an even input
    stays even, whatever the weights (Sugawara, Shiota and Kiya 2019, "Checkerboard artifacts free convolutional neural
    networks"). A kernel of 3 reaches as far then as one of 4 alone, and gives 2 n voxels for n. The mean is multiplied
    by `gain`.
    """

    key = "zero-order-hold"

    def __init__(self, dims: int = 2, gain: float = 1.0):
        super().__init__()
        self.gain = gain
        self.pool = functional.avg_pool2d if dims == 2 else functional.avg_pool3d

    def forward(self, value: Tensor) -> Tensor:
        """Average."""
        return self.gain * self.pool(value, 2, 1)
