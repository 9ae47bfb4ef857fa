"""A small fully convolutional network with a position prior and a random field on top."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from adversaria.vocabulary import UserError


class StructuredNet(nn.Module):
    """Deep structured network (Zhu et al. 2018, section 2): FCN with position prior, conditional random field on top.

    For a region of `size` pixels a side: 2x2 convolutions of 44 and 16 channels, each pooled, a convolution over all
    that is left (335 channels, tanh), a transposed one back to the whole region, and a bias for every pixel and class.
    The field has Gaussian kernels of position (`reach`, pixels) and of position and grey value (`contrast`), with two
    learned weights, and is solved by mean field (Zheng et al. 2015): 5 steps in training, 10 afterwards. Gives logits.
    UserError: not in 2D, or another size.
    """

    key = "structured-net"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        size: int = 40,
        width: int = 335,
        reach: float = 3.0,
        contrast: float = 0.25,
        steps: tuple[int, int] = (5, 10),
        dims: int = 2,
    ):
        super().__init__()
        if dims != 2:
            raise UserError("a structured network compares all pixels of a region: 2D only.", "Use a patch of 2 sides.")
        self.size, self.reach, self.contrast, self.steps = size, reach, contrast, steps
        self.first, self.second = nn.Conv2d(in_channels, 44, 2), nn.Conv2d(44, 16, 2)
        self.third = nn.Conv2d(16, width, ((size - 1) // 2 - 1) // 2)
        self.back = nn.ConvTranspose2d(width, out_channels, size)
        self.prior = nn.Parameter(torch.zeros(out_channels, size, size))
        self.pairwise = nn.Parameter(torch.ones(2))
        across = torch.arange(size, dtype=torch.float32)
        place = torch.stack(torch.meshgrid(across, across, indexing="ij")).flatten(1).T
        self.register_buffer("apart", torch.cdist(place, place).square() / (2 * reach**2), persistent=False)

    def unary(self, image: Tensor) -> Tensor:
        """Logits of the network alone."""
        value = max_pool2d(torch.relu(self.first(image)), 2)
        value = max_pool2d(torch.relu(self.second(value)), 2)
        return self.back(torch.tanh(self.third(value))) + self.prior

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give logits (B, K, size, size) after the mean field."""
        if image.shape[2:] != (self.size, self.size):
            sides = "x".join(map(str, image.shape[2:]))
            raise UserError(
                f"this network has a prior for {self.size}x{self.size} pixels, not {sides}.",
                "Cut regions of that size: a grid in the recipe does it.",
            )
        unary = self.unary(image).flatten(2)
        grey = image.flatten(2)
        alike = (grey[..., :, None] - grey[..., None, :]).square().sum(1) / (2 * self.contrast**2)
        apart = self.apart
        assert isinstance(apart, Tensor)
        far = torch.exp(-apart) - torch.eye(len(apart), device=apart.device)
        near = torch.exp(-apart - alike) * (1 - torch.eye(len(apart), device=apart.device))
        field = unary
        for _ in range(self.steps[0] if self.training else self.steps[1]):
            share = field.softmax(1)
            message = self.pairwise[0] * share @ far + self.pairwise[1] * share @ near
            field = unary + message
        return field.unflatten(2, (self.size, self.size))
