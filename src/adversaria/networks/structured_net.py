"""A small fully convolutional network with a position prior and a random field on top."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad

from adversaria.vocabulary import UserError


class StructuredNet(nn.Module):
    """Deep structured network (Zhu et al. 2018, section 2): FCN with position prior, conditional random field on top.

    For a region of `size` pixels a side: 2x2 convolutions of 44 and 16 channels with tanh, each pooled, a convolution
    over all that is left (335 channels, tanh), a transposed one back to the whole region, and a bias for every pixel
    and class. The field joins each pixel to its four neighbours by two kernels, 1 and exp(-d^2) of the difference d of
    their grey values, each with a learned weight a class (0 at first: the network alone), and is solved by mean field
    (Zheng et al. 2015): 5 steps in training, 10 afterwards. Gives logits. UserError: not in 2D, or another size.
    """

    key = "structured-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        size: int = 40,
        width: int = 335,
        steps: tuple[int, int] = (5, 10),
        dims: int = 2,
    ):
        super().__init__()
        if dims != 2:
            raise UserError("a structured network has a prior for every pixel: 2D only.", "Use a patch of 2 sides.")
        self.size, self.steps = size, steps
        self.first, self.second = nn.Conv2d(in_channels, 44, 2), nn.Conv2d(44, 16, 2)
        self.third = nn.Conv2d(16, width, ((size - 1) // 2 - 1) // 2)
        self.back = nn.ConvTranspose2d(width, out_channels, size)
        self.prior = nn.Parameter(torch.zeros(out_channels, size, size))
        self.pairwise = nn.Parameter(torch.zeros(2, out_channels))

    def unary(self, image: Tensor) -> Tensor:
        """Logits of the network alone."""
        value = max_pool2d(torch.tanh(self.first(image)), 2)
        value = max_pool2d(torch.tanh(self.second(value)), 2)
        return self.back(torch.tanh(self.third(value))) + self.prior

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, size, size) after the mean field."""
        if image.shape[2:] != (self.size, self.size):
            sides = "x".join(map(str, image.shape[2:]))
            raise UserError(
                f"this network has a prior for {self.size}x{self.size} pixels, not {sides}.",
                "Cut regions of that size: a grid in the recipe does it.",
            )
        unary = self.unary(image)
        far, alike = self.pairwise.view(2, -1, 1, 1)
        kernels = [far + alike * torch.exp(-(image - other).square().sum(1, True)) for other in neighbours(image)]
        field = unary
        for _ in range(self.steps[0] if self.training else self.steps[1]):
            shares = neighbours(field.softmax(1))
            field = unary + sum(kernel * share for kernel, share in zip(kernels, shares, strict=True))
        return field


def neighbours(image: Tensor) -> list[Tensor]:
    """What lies above, below, left and right of each pixel, 0 beyond the border."""
    height, width = image.shape[2:]
    framed = pad(image, (1, 1, 1, 1))
    return [framed[..., i : i + height, j : j + width] for i, j in ((0, 1), (2, 1), (1, 0), (1, 2))]
