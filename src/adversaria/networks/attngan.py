"""The networks of AttnGAN: stages that look at words, and a discriminator for each size."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of
from adversaria.networks.initialise import normal
from adversaria.networks.resnet import ResidualBlock
from adversaria.networks.text import TextDiscriminator
from adversaria.networks.text_gan import Rise
from adversaria.vocabulary import UserError


class AttnGenerator(nn.Module):
    """Attentional generator (Xu et al. 2018, section 3.1): `stages` sizes up to `size`, each twice the last.

    The first maps come from noise and the code; each later stage lets every place attend to the words, joins what it
    found, and doubles. `text` is the width of a word, `code` that of the code.
    """

    key = "attn-generator"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 256,
        stages: int = 3,
        latent: int = 100,
        code: int = 32,
        text: int = 64,
        width: int = 32,
        blocks: int = 2,
        norm: str = "batch",
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape = (latent,)
        levels = levels_of(size // 2 ** (stages - 1), 4, "AttnGAN")
        widths = [width * 2**k for k in reversed(range(levels + 1))]
        self.shape = (widths[0], *(4,) * dims)
        self.dense = nn.Linear(latent + code, widths[0] * 4**dims)
        pairs = zip(widths[:-1], widths[1:], strict=True)
        self.first = nn.Sequential(*[Rise(inputs, outputs, norm, dims) for inputs, outputs in pairs])
        self.words = nn.ModuleList(nn.Linear(text, width, bias=False) for _ in range(stages - 1))
        self.stages = nn.ModuleList(
            nn.Sequential(
                *[ResidualBlock(2 * width, norm, dims) for _ in range(blocks)], Rise(2 * width, width, norm, dims)
            )
            for _ in range(stages - 1)
        )
        self.images = nn.ModuleList(
            nn.Sequential(convolution(dims, width, out_channels, 3, 1, 1), nn.Tanh()) for _ in range(stages)
        )
        normal(self)

    def forward(self, latent: Tensor, condition: Tensor, words: Tensor, known: Tensor) -> list[Tensor]:
        """Make the images, smallest first, from words (B, text, L) and which of them exist (B, L)."""
        maps = self.first(self.dense(torch.cat([latent, condition], 1)).view(-1, *self.shape))
        images = [self.images[0](maps)]
        for width, stage, image in zip(self.words, self.stages, self.images[1:], strict=True):
            maps = stage(torch.cat([maps, attended(maps, width(words.mT), known)], 1))
            images.append(image(maps))
        return images


def attended(maps: Tensor, words: Tensor, known: Tensor) -> Tensor:
    """Word context of every place (Xu et al. 2018, eq. 2): maps (B, C, *S), words (B, L, C), known (B, L).

    Each place takes the words in the shares softmax(words . place); a sentence without words gives 0.
    """
    places = maps.flatten(2)
    scores = words @ places
    shares = scores.masked_fill(~known.bool()[:, :, None], -1e9).softmax(1) * known[:, :, None].to(maps.dtype)
    return (words.mT @ shares).view_as(maps)


class StageDiscriminators(nn.Module):
    """A discriminator for each size of AttnGAN, with a score for the image alone and one beside the sentence."""

    key = "stage-discriminators"

    def __init__(
        self,
        in_channels: int = 1,
        size: int = 256,
        stages: int = 3,
        text: int = 64,
        code: int = 32,
        width: int = 32,
        dims: int = 2,
    ):
        super().__init__()
        if size % 2 ** (stages - 1):
            raise UserError(f"a side of {size} cannot be halved {stages - 1} times.", "Choose fewer stages.")
        self.parts = nn.ModuleList(
            TextDiscriminator(in_channels, size // 2 ** (stages - 1 - k), text, code, width, 0, dims)
            for k in range(stages)
        )

    def judge(self, stage: int, image: Tensor, condition: Tensor | None) -> Tensor:
        """Score an image of a size, alone or beside a sentence."""
        return self.parts[stage](image, condition)
