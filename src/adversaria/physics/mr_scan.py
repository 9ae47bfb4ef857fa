"""Magnetic resonance scans of a magnitude image: a phase, coils, k-space of a finer grid than is reconstructed."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adversaria.physics.coils import MultiCoil
from adversaria.physics.fourier import Fourier, fourier, inverse_fourier
from adversaria.physics.sampling import FullSampling, Sampling
from adversaria.physics.truncation import KSpaceTruncation
from adversaria.vocabulary import Batch


class MRScan(Fourier):
    """A single-coil scan of magnitude images, y = M F (x e^(i phi)) + noise; encoding and inverse are `Fourier`'s.

    The image is given a smooth phase of `phase` radians (standard deviation) on its own grid, of whose k-space the
    middle 1 / `finer` along each axis is kept: the measurement is not made on the grid that it is reconstructed on.
    `acquire` gives `measurement`, `sampling`, and `target`, the noise-free complex image of all samples kept.
    """

    key = "mr-scan"

    def __init__(self, sampling: Sampling = FullSampling(), noise: float = 0.01, finer: int = 2, phase: float = 1.0):
        super().__init__(sampling, noise)
        self.finer, self.phase = finer, phase

    def acquire(self, x: Tensor, spacing: float, random: np.random.Generator) -> Batch:
        """Scan images (B, 1, *S), S divisible by `finer`."""
        target = kept(x * phases(x, self.phase, random), self.finer)
        words = sampled(target, self.sampling, random)
        return {**words, "target": target, "measurement": self.of(words).noisy(target, random)}


class MultiCoilScan(MultiCoil):
    """As `MRScan`, by `coils` receive coils on an ellipse around the image; encoding and inverse are `MultiCoil`'s.

    The sensitivity falls with the distance from each coil, and their squares sum to 1 in the middle of the image
    alone: the shading is real. `acquire` gives `coils` too, on the grid of the reconstruction, and for methods without
    maps `coil_images`, the zero-filled image of each, and `coil_target`, the noise-free ones (B, coils, *S).
    """

    key = "mr-multicoil-scan"

    def __init__(
        self,
        sampling: Sampling = FullSampling(),
        noise: float = 0.01,
        coils: int = 8,
        finer: int = 2,
        phase: float = 1.0,
    ):
        super().__init__(sampling, noise)
        self.count, self.finer, self.phase = coils, finer, phase

    def acquire(self, x: Tensor, spacing: float, random: np.random.Generator) -> Batch:
        """Scan images (B, 1, *S), S divisible by `finer`."""
        coarse = tuple(side // self.finer for side in x.shape[2:])
        turns = random.uniform(0, 2 * math.pi, size=(len(x), 1))
        seen = kept(
            x * phases(x, self.phase, random) * sensitivities(x.shape[2:], self.count, turns).to(x.device), self.finer
        )
        maps = sensitivities(coarse, self.count, turns).to(x.device)
        target = (maps.conj() * seen).sum(1, keepdim=True) / maps.abs().square().sum(1, keepdim=True)
        words = {**sampled(target, self.sampling, random), "coils": maps}
        k = fourier(seen)
        parts = random.standard_normal((2, *k.shape)) * (self.noise * float(target.abs().max()))
        noisy = self.of(words).masked(k + torch.from_numpy(parts[0] + 1j * parts[1]).to(k))
        return {
            **words,
            "target": target,
            "measurement": noisy,
            "coil_images": inverse_fourier(noisy),
            "coil_target": seen,
        }


def kept(x: Tensor, finer: int) -> Tensor:
    """The image of the middle of k-space, on a grid `finer` times coarser."""
    return KSpaceTruncation(finer).A(x)


def sampled(x: Tensor, sampling: Sampling, random: np.random.Generator) -> Batch:
    """Draw a mask for each image."""
    drawn = np.stack([sampling(tuple(x.shape[2:]), random) for _ in range(len(x))])
    return {"sampling": torch.from_numpy(drawn)[:, None].to(x.real.dtype)}


def phases(x: Tensor, size: float, random: np.random.Generator) -> Tensor:
    """Unit phasors of a smooth phase, `size` radians on average: waves of at most one period across the image."""
    places = [torch.linspace(-0.5, 0.5, side, dtype=torch.float64) for side in x.shape[2:]]
    grid = torch.meshgrid(*places, indexing="ij")
    found = []
    for _ in range(len(x)):
        phase = torch.full(grid[0].shape, float(random.uniform(-math.pi, math.pi)), dtype=torch.float64)
        for _ in range(6):
            wave = random.uniform(-1, 1, len(grid))
            at = torch.stack([float(w) * place for w, place in zip(wave, grid, strict=True)]).sum(0)
            start = float(random.uniform(0, 2 * math.pi))
            phase = phase + size / math.sqrt(3) * torch.cos(2 * math.pi * at + start)
        found.append(phase)
    return torch.polar(torch.ones(1, dtype=torch.float64), torch.stack(found)[:, None]).to(x.device, torch.complex64)


def sensitivities(shape: tuple[int, ...] | torch.Size, count: int, turns: NDArray[np.float64]) -> Tensor:
    """Maps (B, count, *S) of coils around the first two axes, turned by `turns` (B, 1) radians.

    |s| = (1 + (d / 0.9)^2)^(-3/2) at the distance d from a coil that stands 1.15 from the middle, in half sides.
    """
    places = [torch.linspace(-1, 1, side, dtype=torch.float64) for side in shape]
    grid = torch.meshgrid(*places, indexing="ij")
    stood = torch.from_numpy(turns) + torch.arange(count) * (2 * math.pi / count)
    view = (*stood.shape, *[1] * len(shape))
    down, across = 1.15 * stood.sin().view(view), 1.15 * stood.cos().view(view)
    square = (grid[0] - down).square() + (grid[1] - across).square()
    square = square + sum((place.square() for place in grid[2:]), torch.zeros(()))
    size = (1 + square / 0.81).pow(-1.5)
    middle = (1 + 1.15**2 / 0.81) ** -1.5 * math.sqrt(count)
    # the phase of a coil turns with its place, and slowly across the image
    turn = stood.view(view) + 0.5 * (down * grid[0] + across * grid[1])
    return torch.polar(size / middle, turn).to(torch.complex64)
