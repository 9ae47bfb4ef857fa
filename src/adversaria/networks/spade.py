"""The generator of SPADE."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, one_hot

from adversaria.networks.dims import convolution
from adversaria.networks.initialise import glorot
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.layers.spade import SPADE
from adversaria.networks.layers.spectral_norm import SpectralNorm
from adversaria.networks.resample import doubled
from adversaria.vocabulary import UserError

_WIDEST = 16


class SPADEBlock(nn.Module):
    """Residual block (Park et al. 2019, figure 11): twice SPADE, leaky ReLU, 3x3; a 1x1 skip if widths differ."""

    def __init__(self, inputs: int, outputs: int, classes: int, hidden: int, dims: int):
        super().__init__()
        middle = min(inputs, outputs)
        self.norms = nn.ModuleList(SPADE(width, classes, hidden, dims) for width in (inputs, middle))
        self.layers = nn.ModuleList(
            nn.Sequential(LeakyReLU(), SpectralNorm(_started(convolution(dims, a, b, 3, 1, 1))))
            for a, b in ((inputs, middle), (middle, outputs))
        )
        self.skip = None
        if inputs != outputs:
            self.skip = nn.ModuleList(
                [
                    SPADE(inputs, classes, hidden, dims),
                    SpectralNorm(_started(convolution(dims, inputs, outputs, 1, bias=False))),
                ]
            )

    def forward(self, value: Tensor, mask: Tensor) -> Tensor:
        """Keep the size."""
        inner = value
        for norm, layer in zip(self.norms, self.layers, strict=True):
            inner = layer(norm(inner, mask))
        return inner + (value if self.skip is None else self.skip[1](self.skip[0](value, mask)))


def _started(layer: nn.Module) -> nn.Module:
    glorot(layer)
    return layer


class SPADEGenerator(nn.Module):
    """Generator of SPADE (Park et al. 2019, figure 4 and appendix A): label map (B, 1, *S) to image.

    The label map, 0 to `classes` - 1, becomes one channel a class. Resized to 2**-`depth` of the size it starts the
    first block; with `latent` a vector (B, `latent`) given as `condition` starts it instead. `depth` doublings by
    nearest neighbour, a residual SPADE block at each size and two more at the coarse end, leaky ReLU, 3x3, tanh.
    `width` is the last block's; it doubles towards the coarse end up to 16 times. Sides must be
    divisible by 2**`depth`; `size` is needed for a latent alone.
    """

    key = "spade"

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        classes: int = 8,
        size: int = 256,
        depth: int = 5,
        width: int = 64,
        hidden: int = 128,
        latent: int = 0,
        dims: int = 2,
    ):
        super().__init__()
        if in_channels != 1:
            raise UserError(
                f"a SPADE generator starts from one label map, not {in_channels} channels.", "Bind a label map."
            )
        if depth < 2:
            raise UserError(f"a SPADE generator doubles at least twice, not {depth} times.", "Choose depth: 2 or more.")
        self.classes, self.depth = classes, depth
        widths = [width * min(2 ** min(k, depth - 1), _WIDEST) for k in reversed(range(depth + 2))]
        self.coarse = (widths[0], *(size // 2**depth,) * dims)
        self.opening = (
            nn.Linear(latent, int(torch.tensor(self.coarse).prod()))
            if latent
            else convolution(dims, classes, widths[0], 3, 1, 1)
        )
        self.latent = latent
        self.blocks = nn.ModuleList(
            SPADEBlock(inputs, outputs, classes, hidden, dims)
            for inputs, outputs in zip([widths[0], *widths[:-1]], widths, strict=True)
        )
        self.last = nn.Sequential(LeakyReLU(), _started(convolution(dims, width, out_channels, 3, 1, 1)), nn.Tanh())

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Make (B, C, *S) from a label map (B, 1, *S), and from (B, N) if it was built with a latent."""
        unit = 2**self.depth
        if any(side % unit for side in image.shape[2:]):
            size = "x".join(map(str, image.shape[2:]))
            raise UserError(
                f"a SPADE generator of depth {self.depth} needs sides divisible by {unit}, not {size}.",
                "Choose such a patch, or a smaller depth: --set game.generator.depth=...",
            )
        mask = classes_of(image, self.classes)
        if self.latent:
            if condition is None:
                raise TypeError("this SPADE generator was built with a latent vector and needs one")
            value = self.opening(condition).view(-1, *self.coarse)
        else:
            value = self.opening(interpolate(mask, scale_factor=1 / unit, mode="nearest"))
        for index, block in enumerate(self.blocks):
            # the two extra blocks work at the coarsest size and at the one above it
            value = block(doubled(value) if index == 1 or index > 2 else value, mask)
        return self.last(value)


def classes_of(labels: Tensor, classes: int) -> Tensor:
    """Give one channel (0 or 1) for each class of a label map (B, 1, *S); values are rounded into 0 to classes - 1."""
    whole = labels[:, 0].detach().round().long().clamp(0, classes - 1)
    return one_hot(whole, classes).movedim(-1, 1).to(labels.dtype)
