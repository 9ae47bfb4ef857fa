"""Large class-conditional generator and discriminator."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of
from adversaria.networks.initialise import orthogonal
from adversaria.networks.layers.batch_norm import BatchNorm
from adversaria.networks.layers.projection import Projection
from adversaria.networks.layers.self_attention import SelfAttention
from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.resample import doubled
from adversaria.networks.residual_gan import DiscriminatorBlock, SumPool
from adversaria.networks.scoring import Discriminator

_WIDEST = 16


class LinearBatchNorm(nn.Module):
    """Batch norm whose gain (1 + A c) and bias (B c) are linear in a vector c (Brock et al. 2019, appendix B)."""

    def __init__(self, width: int, code: int, dims: int):
        super().__init__()
        self.norm = BatchNorm(width, dims, affine=False)
        self.gain, self.bias = nn.Linear(code, width, bias=False), nn.Linear(code, width, bias=False)

    def forward(self, value: Tensor, code: Tensor) -> Tensor:
        """Normalise (B, C, *S) under the code (B, N)."""
        shape = (*value.shape[:2], *[1] * (value.ndim - 2))
        plain: Tensor = self.norm(value)
        return plain * (1 + self.gain(code)).view(shape) + self.bias(code).view(shape)


class BigGANBlock(nn.Module):
    """Norm, ReLU, doubling, 3x3, norm, ReLU, 3x3; beside it doubling and 1x1 (Brock et al. 2019, figure 15b)."""

    def __init__(self, inputs: int, outputs: int, code: int, dims: int):
        super().__init__()
        self.norms = nn.ModuleList(LinearBatchNorm(width, code, dims) for width in (inputs, outputs))
        self.first, self.second = (convolution(dims, width, outputs, 3, 1, 1) for width in (inputs, outputs))
        self.skip = convolution(dims, inputs, outputs, 1)

    def forward(self, value: Tensor, code: Tensor) -> Tensor:
        """Double the size."""
        inner = self.first(doubled(torch.relu(self.norms[0](value, code))))
        return self.second(torch.relu(self.norms[1](inner, code))) + self.skip(doubled(value))


class BigGANGenerator(nn.Module):
    """Generator of BigGAN (Brock et al. 2019, appendix B, figure 15 and tables 4-6).

    The latent vector is cut into chunks of `chunk` numbers: one for the dense layer, one for each block. A block's
    batch norms are linear in its chunk joined to the class's embedding, which all blocks share. Self-attention at
    `attention` pixels a side. Spectral norm on every layer but the shared embedding, orthogonal start. `width` is
    the last block's; it doubles towards the latent up to 16 times, which is the paper's at 128 pixels.
    """

    key = "biggan"

    def __init__(
        self,
        out_channels: int = 1,
        classes: int = 2,
        size: int = 128,
        chunk: int = 20,
        embedding: int = 128,
        width: int = 96,
        attention: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        self.classes, self.chunk = classes, chunk
        levels = levels_of(size, 4, "BigGAN")
        self.latent_shape = (chunk * (levels + 1),)
        widths = [width * min(2**k, _WIDEST) for k in reversed(range(levels))]
        first = width * min(2**levels, _WIDEST)
        self.shape = (first, *(4,) * dims)
        self.dense = nn.Linear(chunk, first * 4**dims)
        self.blocks = nn.ModuleList(
            BigGANBlock(inputs, outputs, chunk + embedding, dims)
            for inputs, outputs in zip([first, *widths[:-1]], widths, strict=True)
        )
        self.attention = nn.ModuleList(
            SelfAttention(outputs, dims) if 8 * 2**k == attention else nn.Identity() for k, outputs in enumerate(widths)
        )
        self.last = nn.Sequential(
            BatchNorm(width, dims), nn.ReLU(), convolution(dims, width, out_channels, 3, 1, 1), nn.Tanh()
        )
        orthogonal(self)
        spectral(self)
        self.shared = nn.Embedding(classes, embedding)
        nn.init.orthogonal_(self.shared.weight)

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from (B, N) and the class (B,)."""
        if condition is None:
            raise TypeError("BigGAN's generator needs the class of each image")
        code = self.shared(condition.long())
        opening, *chunks = latent.split(self.chunk, 1)
        value = self.dense(opening).view(-1, *self.shape)
        for block, attention, chunk in zip(self.blocks, self.attention, chunks, strict=True):
            value = attention(block(value, torch.cat([code, chunk.to(code.dtype)], 1)))
        return self.last(value)


class BigGANDiscriminator(Discriminator):
    """Discriminator of BigGAN (Brock et al. 2019, appendix B): residual blocks, self-attention, projection.

    Blocks that halve down to 4 pixels a side and one that does not, widths doubling from `width` up to 16
    times; ReLU, sum over the pixels, and the projection onto the class. Spectral norm everywhere, orthogonal start.
    """

    key = "biggan"

    def __init__(
        self,
        in_channels: int = 1,
        classes: int = 2,
        size: int = 128,
        width: int = 96,
        attention: int = 64,
        dims: int = 2,
    ):
        super().__init__()
        levels = levels_of(size, 4, "BigGAN")
        widths = [in_channels, *(width * min(2**k, _WIDEST) for k in range(levels + 1))]
        blocks: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            block: nn.Module = DiscriminatorBlock(inputs, outputs, dims, first=not index, down=index < levels)
            looked = size // 2 ** (index + 1) == attention
            blocks.append(nn.Sequential(block, SelfAttention(outputs, dims)) if looked else block)
        self.blocks = nn.ModuleList(blocks)
        self.head, self.project = SumPool(), Projection(widths[-1], classes)
        orthogonal(self)
        spectral(self)

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations after each block, first to last; the class plays no part."""
        return super().features(image)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give raw scores (B, 1) of images under their classes (B,)."""
        if condition is None:
            raise TypeError("BigGAN's discriminator needs the class of each image")
        score: Tensor = self.project(self.head(self.features(image)[-1]), condition)
        return score
