"""Partial Fourier imaging: a little more than half of k-space, and the phase that stands for the rest."""

import torch
from torch import Tensor

from adversaria.physics.fourier import Fourier, fourier, inverse_fourier
from adversaria.physics.sampling import Mask, Random, Sampling


class PartialLines(Sampling):
    """The last `fraction` of the lines along `axis`, always the same ones: the far side of k-space is not measured."""

    key = "partial"

    def __init__(self, fraction: float = 0.625, axis: int = -1):
        if not 0.5 < fraction <= 1:
            raise ValueError(f"a fraction of {fraction} is not in (0.5, 1]: the middle of k-space has to be measured")
        self.fraction, self.axis = fraction, axis

    def __call__(self, shape: tuple[int, ...], random: Random) -> Mask:
        """Give the mask; nothing is drawn."""
        return self.mask(shape).numpy()

    def mask(self, shape: tuple[int, ...]) -> Tensor:
        """Give the mask as a tensor."""
        count = shape[self.axis]
        lines = (torch.arange(count) >= count - round(self.fraction * count)).float()
        return _along(lines, len(shape), self.axis).expand(shape)

    def middle(self, shape: tuple[int, ...]) -> Tensor:
        """Give weights of the lines that are measured on both sides of the middle: a Hann window over them."""
        count = shape[self.axis]
        half = max(0, count // 2 - (count - round(self.fraction * count)))
        away = (torch.arange(count) - count // 2).abs()
        taper = torch.cos(torch.pi * away / (2 * (half + 1))).square()
        return _along(torch.where(away <= half, taper, 0), len(shape), self.axis)


class PartialFourier(Fourier):
    """Partial Fourier magnetic resonance, y = M F x with M the last `fraction` of the lines along `axis`.

    Shapes as `Fourier`; the mask is a part of the operator unless the word `sampling` is bound. `inverse` runs
    `iterations` of projections onto convex sets (Haacke et al. 1991): the phase is that of the symmetric middle, the
    measured lines stay as they are. `homodyne` is the other way.
    """

    key = "mr-partial-fourier"

    def __init__(self, fraction: float = 0.625, axis: int = -1, iterations: int = 10, noise: float = 0.0):
        self.lines = PartialLines(fraction, axis)
        super().__init__(self.lines, noise)
        self.iterations = iterations

    def masked(self, y: Tensor) -> Tensor:
        """Set what is not sampled to zero."""
        if self.mask is not None:
            return super().masked(y)
        return y * self.lines.mask(tuple(y.shape[2:])).to(y.device, y.real.dtype)

    def inverse(self, y: Tensor) -> Tensor:
        """Restore the image by projections."""
        turn = phase(y, self.lines)
        measured, image = self.masked(y), self.adjoint(y)
        for _ in range(self.iterations):
            k = fourier(image.abs() * turn)
            image = inverse_fourier(k - self.masked(k) + measured)
        return image


def homodyne(y: Tensor, lines: PartialLines) -> Tensor:
    """Restore images from partial k-space (B, C, *S) by homodyne detection (Noll et al. 1991).

    Lines without a measured mirror count twice, those of the symmetric middle by a ramp from 0 to 2, and the real
    part is taken after the phase of the symmetric middle is removed. The phase is then put back.
    """
    shape = tuple(y.shape[2:])
    count = shape[lines.axis]
    first = count - round(lines.fraction * count)
    half = max(0, count // 2 - first)
    at = torch.arange(count, device=y.device, dtype=y.real.dtype) - count // 2
    ramp = (1 + at / (half + 1)).clamp(0, 2)
    weight = _along(torch.where(at >= -half, ramp, 0), len(shape), lines.axis)
    turn = phase(y, lines)
    return (inverse_fourier(y * weight) * turn.conj()).real * turn


def phase(y: Tensor, lines: PartialLines) -> Tensor:
    """Give the phase factor of the image that the symmetric middle of k-space (B, C, *S) makes."""
    low = inverse_fourier(y * lines.middle(tuple(y.shape[2:])).to(y.device, y.real.dtype))
    return torch.polar(torch.ones_like(low.real), low.angle())


def _along(lines: Tensor, dims: int, axis: int) -> Tensor:
    shape = [1] * dims
    shape[axis] = -1
    return lines.view(shape)
