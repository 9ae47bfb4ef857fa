"""The growing generator and discriminator."""

from math import prod

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, levels_of
from adversaria.networks.growing import Growing, widths_of
from adversaria.networks.layers.equalised import Equalised
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.layers.minibatch_deviation import MinibatchDeviation
from adversaria.networks.layers.pixel_norm import PixelNorm
from adversaria.networks.resample import doubled, halved
from adversaria.vocabulary import UserError


def _layer(dims: int, inputs: int, outputs: int, kernel: int = 3) -> list[nn.Module]:
    return [Equalised(convolution(dims, inputs, outputs, kernel, 1, kernel // 2)), LeakyReLU()]


def sides_of(start: tuple[int, ...], dims: int) -> tuple[int, ...]:
    """Give the sides of the first images: 4 each if none are given."""
    if start and len(start) != dims:
        raise UserError(f"the first images have {dims} sides, not {len(start)}.", "Write start: [5, 4].")
    return tuple(start) or (4,) * dims


class PGGANGenerator(Growing):
    """Growing generator (Karras et al. 2018, section 2 and table 2).

    The latent vector is divided by its root mean square, made 4 pixels a side, and doubled by nearest
    neighbour; two 3x3 convolutions a level, leaky ReLU and pixel norm, equalised rates. A 1x1 convolution of each level
    makes the image, with no activation. While a level fades in, the image is (1 - alpha) of the
    doubled image of the level below plus alpha of its own. `width` is the widest layer's. `start` are the
    sides of the first images if they are not 4 each (5, 4 doubled eight times is 1280, 1024); `size` is the
    shortest side of the last ones.
    """

    key = "pggan"

    def __init__(
        self, out_channels: int = 1, size: int = 1024, latent: int = 512, width: int = 512, dims: int = 2,
        start: tuple[int, ...] = (),
    ):  # fmt: skip
        super().__init__()
        self.latent_shape = (latent,)
        start = sides_of(start, dims)
        self.start_at(levels_of(size, min(start), "PGGAN"), min(start))
        widths = widths_of(width, self.levels, self.smallest)
        self.shape = (widths[0], *start)
        self.norm = PixelNorm()
        self.dense = Equalised(nn.Linear(latent, prod(self.shape)), gain=2**0.5 / 2 ** (dims))
        self.blocks = nn.ModuleList([nn.Sequential(LeakyReLU(), PixelNorm(), *self._layers(dims, *widths[:1] * 2))])
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True):
            self.blocks.append(
                nn.Sequential(*self._layers(dims, inputs, outputs), *self._layers(dims, outputs, outputs))
            )
        self.images = nn.ModuleList(Equalised(convolution(dims, w, out_channels, 1), gain=1.0) for w in widths)

    @staticmethod
    def _layers(dims: int, inputs: int, outputs: int) -> list[nn.Module]:
        return [*_layer(dims, inputs, outputs), PixelNorm()]

    def forward(self, latent: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) of the stage's size from (B, N)."""
        level, alpha = self.stage()
        below = value = self.blocks[0](self.dense(self.norm(latent)).view(-1, *self.shape))
        for block in self.blocks[1 : level + 1]:
            below, value = value, block(doubled(value))
        image: Tensor = self.images[level](value)
        return image if alpha == 1 else torch.lerp(doubled(self.images[level - 1](below)), image, alpha)


class PGGANDiscriminator(Growing):
    """Growing discriminator (Karras et al. 2018, section 2 and table 2): the generator's mirror image.

    Each level reads the image by a 1x1 convolution; two 3x3 convolutions and an average over 2 pixels lead to the
    level below. The deviation over the batch is appended at 4 pixels. While a level fades in, (1 - alpha) of
    what the level below reads from the halved image is mixed in. `group` is that of the deviation, `start` are
    the sides of the first images if they are not 4 each.
    """

    key = "pggan"

    def __init__(
        self, in_channels: int = 1, size: int = 1024, width: int = 512, group: int = 4, dims: int = 2,
        start: tuple[int, ...] = (),
    ):  # fmt: skip
        super().__init__()
        start = sides_of(start, dims)
        self.start_at(levels_of(size, min(start), "PGGAN"), min(start))
        widths = widths_of(width, self.levels, self.smallest)
        self.readers = nn.ModuleList(nn.Sequential(*_layer(dims, in_channels, w, 1)) for w in widths)
        self.blocks = nn.ModuleList(
            nn.Sequential(*_layer(dims, inputs, inputs), *_layer(dims, inputs, outputs))
            for outputs, inputs in zip(widths[:-1], widths[1:], strict=True)
        )
        widest = widths[0]
        self.head = nn.Sequential(
            MinibatchDeviation(group),
            *_layer(dims, widest + 1, widest),
            nn.Flatten(),
            Equalised(nn.Linear(widest * prod(start), widest)),
            LeakyReLU(),
            Equalised(nn.Linear(widest, 1), gain=1.0),
        )

    def features(self, image: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """List the activations at each level in use, from the finest to 4 pixels."""
        level, alpha = self.stage()
        value = self.readers[level](image)
        found = [value]
        for index in reversed(range(level)):
            value = halved(self.blocks[index](value))
            if index == level - 1 and alpha < 1:
                value = torch.lerp(self.readers[index](halved(image)), value, alpha)
            found.append(value)
        return found

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give raw scores (B, 1) of images of the stage's size."""
        return self.head(self.features(image)[-1])
