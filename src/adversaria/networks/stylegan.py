"""The style-based generator, and the discriminator it plays against."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv3d

from adversaria.networks.dims import convolution, levels_of
from adversaria.networks.growing import Growing, widths_of
from adversaria.networks.layers.adain import AdaIN
from adversaria.networks.layers.equalised import Equalised
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.layers.pixel_norm import PixelNorm
from adversaria.networks.pggan import PGGANDiscriminator
from adversaria.networks.resample import doubled


def blurred(value: Tensor) -> Tensor:
    """Filter each channel of (B, C, *S) with the binomial (1, 2, 1) / 4 along every axis; zeros lie outside."""
    dims, channels = value.ndim - 2, value.shape[1]
    kernel = value.new_tensor([0.25, 0.5, 0.25])
    for axis in range(dims):
        shape = [3 if k == axis else 1 for k in range(dims)]
        padding = [1 if k == axis else 0 for k in range(dims)]
        weight = kernel.view(1, 1, *shape).expand(channels, 1, *shape)
        value = (conv2d if dims == 2 else conv3d)(value, weight, padding=padding, groups=channels)
    return value


class Mapping(nn.Module):
    """From the latent z to the style w (Karras et al. 2019, section 2): dense layers at a hundredth of the rate.

    z is divided by its root mean square first. The average of w over training is kept in a buffer.
    """

    average: Tensor

    def __init__(self, latent: int, style: int, depth: int, decay: float = 0.995):
        super().__init__()
        self.decay = decay
        layers: list[nn.Module] = [PixelNorm()]
        for index in range(depth):
            layers += [Equalised(nn.Linear(style if index else latent, style), rate=0.01), LeakyReLU()]
        self.layers = nn.Sequential(*layers)
        self.register_buffer("average", torch.zeros(style))

    def forward(self, latent: Tensor) -> Tensor:
        """Give w (B, style)."""
        style: Tensor = self.layers(latent)
        if self.training:
            with torch.no_grad():
                self.average.lerp_(style.detach().mean(0).to(self.average.dtype), 1 - self.decay)
        return style


class StyledLayer(nn.Module):
    """What follows each convolution: noise scaled by channel, bias, leaky ReLU, adaptive instance norm."""

    def __init__(self, width: int, style: int, dims: int):
        super().__init__()
        shape = (width, *[1] * dims)
        self.strength, self.bias = nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.zeros(shape))
        self.act, self.norm = LeakyReLU(), AdaIN(width, style)

    def forward(self, value: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """Take w (B, style) and one noise map (B, 1, *S)."""
        noisy = value if noise is None else value + self.strength * noise.to(value.dtype)
        return self.norm(self.act(noisy + self.bias), style)


class StyleGANGenerator(Growing):
    """Style-based generator (Karras et al. 2019, figure 1b): mapping, a learned constant, styles and noise.

    Two styled layers a level; the first level starts from the constant, the others from a doubled, convolved and
    blurred image. `noise` (B, `noise_size()`) holds the standard normal maps of all layers in use one after the
    other; without it none is added. `second` is a second latent whose style takes over from layer `crossing` (B,)
    on (style mixing). `truncation` psi moves the styles of layers up to 32 pixels to w_bar + psi (w - w_bar). It
    grows like PGGAN's; images are made by a 1x1 convolution.
    """

    key = "stylegan"

    def __init__(
        self,
        out_channels: int = 1,
        size: int = 1024,
        latent: int = 512,
        style: int = 512,
        width: int = 512,
        mapping: int = 8,
        dims: int = 2,
    ):
        super().__init__()
        self.latent_shape, self.dims = (latent,), dims
        self.start_at(levels_of(size, 4, "StyleGAN"))
        widths = widths_of(width, self.levels)
        self.mapping = Mapping(latent, style, mapping)
        self.constant = nn.Parameter(torch.ones(1, widths[0], *(4,) * dims))
        pairs = list(zip([widths[0], *widths[:-1]], widths, strict=True))
        self.opening = nn.ModuleList(_plain(dims, *pair) for pair in pairs[1:])
        self.inner = nn.ModuleList(_plain(dims, w, w) for w in widths)
        self.styled = nn.ModuleList(StyledLayer(w, style, dims) for w in widths for _ in range(2))
        self.images = nn.ModuleList(Equalised(convolution(dims, w, out_channels, 1), gain=1.0) for w in widths)

    def layers(self) -> int:
        """How many styled layers are in use."""
        return 2 * self.stage()[0] + 2

    def noise_size(self) -> int:
        """How many normal numbers the noise maps of one image take at this stage."""
        return sum(2 * (4 * 2**k) ** self.dims for k in range(self.stage()[0] + 1))

    def styles(self, latent: Tensor, second: Tensor | None, crossing: Tensor | None, truncation: float) -> list[Tensor]:
        """Give the style (B, style) of each layer in use."""
        first = self.mapping(latent)
        other = first if second is None else self.mapping(second)
        found = []
        for layer in range(self.layers()):
            style = first if crossing is None else torch.where((layer < crossing)[:, None], first, other)
            # layers 0 to 7 work at 4 to 32 pixels
            if truncation != 1 and layer < 8:
                style = torch.lerp(self.mapping.average.to(style.dtype), style, truncation)
            found.append(style)
        return found

    def forward(
        self,
        latent: Tensor,
        condition: Tensor | None = None,
        noise: Tensor | None = None,
        second: Tensor | None = None,
        crossing: Tensor | None = None,
        truncation: float = 1.0,
    ) -> Tensor:
        """Make (B, C, *S) of the stage's size from (B, N)."""
        level, alpha = self.stage()
        styles = self.styles(latent, second, crossing, truncation)
        maps = self._maps(noise, level)
        below = value = self.constant.expand(len(latent), *self.constant.shape[1:])
        for k in range(level + 1):
            below = value
            value = blurred(self.opening[k - 1](doubled(value))) if k else value
            value = self.styled[2 * k](value, styles[2 * k], maps[2 * k])
            value = self.styled[2 * k + 1](self.inner[k](value), styles[2 * k + 1], maps[2 * k + 1])
        image: Tensor = self.images[level](value)
        return image if alpha == 1 else torch.lerp(doubled(self.images[level - 1](below)), image, alpha)

    def _maps(self, noise: Tensor | None, level: int) -> list[Tensor | None]:
        """Cut the noise into one map (B, 1, *S) for each layer."""
        sides = [4 * 2**k for k in range(level + 1) for _ in range(2)]
        if noise is None:
            return [None] * len(sides)
        pieces = noise.split([side**self.dims for side in sides], 1)
        return [piece.view(-1, 1, *(side,) * self.dims) for piece, side in zip(pieces, sides, strict=True)]


def _plain(dims: int, inputs: int, outputs: int) -> nn.Module:
    return Equalised(convolution(dims, inputs, outputs, 3, 1, 1, bias=False))


class StyleGANDiscriminator(PGGANDiscriminator):
    """Discriminator of StyleGAN (Karras et al. 2019, section 2 and appendix C): PGGAN's, blurring before it halves."""

    key = "stylegan"

    def __init__(self, in_channels: int = 1, size: int = 1024, width: int = 512, group: int = 4, dims: int = 2):
        super().__init__(in_channels, size, width, group, dims)
        for block in self.blocks:
            assert isinstance(block, nn.Sequential)
            block.insert(2, Blur())


class Blur(nn.Module):
    """The binomial filter as a layer."""

    def forward(self, value: Tensor) -> Tensor:
        """Filter (B, C, *S)."""
        return blurred(value)
