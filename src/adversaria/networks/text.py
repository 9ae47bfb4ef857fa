"""What reads sentences, and what looks at images to compare them with sentences."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution
from adversaria.networks.initialise import normal


class TextEncoder(nn.Module):
    """Sentence encoder (as Xu et al. 2018, section 3.2): embedding and a bidirectional GRU over tokens (B, L).

    Token 0 fills up and is not read. `words` gives a vector for each token (B, width, L), zero where there is none;
    calling it gives the sentence (B, width), the mean over its words.
    """

    key = "text-encoder"

    def __init__(self, vocabulary: int = 128, width: int = 64):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        self.recurrent = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)

    def words(self, tokens: Tensor) -> Tensor:
        """Give a vector for each token."""
        known = (tokens > 0).unsqueeze(-1)
        found, _ = self.recurrent(self.embedding(tokens) * known)
        return (found * known).mT

    def forward(self, tokens: Tensor) -> Tensor:
        """Give the sentence."""
        return self.words(tokens).sum(2) / (tokens > 0).sum(1, keepdim=True).clamp_min(1)


class RegionEncoder(nn.Module):
    """Image encoder for matching (as Xu et al. 2018, section 3.2): strided convolutions to regions and a mean.

    `regions` gives (B, width, R), one vector for each place of the last map; calling it gives their mean (B, width).
    """

    key = "region-encoder"

    def __init__(self, in_channels: int = 1, width: int = 64, layers: int = 3, dims: int = 2):
        super().__init__()
        widths = [in_channels, *[width] * layers]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [convolution(dims, inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*parts, convolution(dims, width, width, 1))

    def regions(self, image: Tensor) -> Tensor:
        """Give a vector for each region."""
        return self.body(image).flatten(2)

    def forward(self, image: Tensor) -> Tensor:
        """Give one vector for the image."""
        return self.regions(image).mean(2)


class ConditioningAugmentation(nn.Module):
    """Conditioning augmentation (Zhang et al. 2017, section 3.2): a sentence (B, text) to the normal of its code."""

    key = "conditioning-augmentation"

    def __init__(self, text: int = 64, code: int = 32):
        super().__init__()
        self.code = code
        self.dense = nn.Linear(text, 2 * code)

    def forward(self, sentence: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log variance of the code."""
        mean, log_variance = self.dense(sentence).chunk(2, 1)
        return mean, log_variance


def planes(code: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Repeat a vector (B, N) at every place: (B, N, *S)."""
    return code.view(*code.shape, *[1] * len(shape)).expand(-1, -1, *shape)


class TextDiscriminator(nn.Module):
    """Discriminator of an image beside a sentence (Zhang et al. 2017, section 3.3; Reed et al. 2016).

    Strided 4x4 convolutions to a map of about 4 pixels, which the sentence (compressed to `code`) joins at every
    place. Without a sentence a head of its own judges the image alone. Gives a map of raw scores.
    """

    key = "text-discriminator"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 64,
        text: int = 64,
        code: int = 32,
        width: int = 32,
        condition_channels: int = 0,
        dims: int = 2,
    ):
        super().__init__()
        halvings = max(1, (size // 4).bit_length() - 1)
        widths = [in_channels + condition_channels, *(width * min(2**k, 8) for k in range(halvings))]
        parts: list[nn.Module] = []
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            parts += [convolution(dims, inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.body, self.compress = nn.Sequential(*parts), nn.Linear(text, code)
        joint = [convolution(dims, widths[-1] + code, widths[-1], 1), nn.LeakyReLU(0.2)]
        self.matched = nn.Sequential(*joint, convolution(dims, widths[-1], 1, 1))
        self.alone = convolution(dims, widths[-1], 1, 1)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None, place: Tensor | None = None) -> Tensor:
        """Judge an image (B, C, *S), a sentence (B, text), and maps of a location (B, C', *S)."""
        maps = self.body(image if place is None else torch.cat([image, place], 1))
        if condition is None:
            return self.alone(maps)
        return self.matched(torch.cat([maps, planes(self.compress(condition), tuple(maps.shape[2:]))], 1))
