"""The Fourier encoding of magnetic resonance, with a sampling mask."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.physics.sampling import FullSampling, Sampling
from adversaria.vocabulary import Batch, UserError


def fourier(x: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    """Orthonormal Fourier transform with zero frequency (and position) in the middle; all spatial axes by default."""
    over = axes or tuple(range(2, x.ndim))
    return torch.fft.fftshift(torch.fft.fftn(torch.fft.ifftshift(x, over), dim=over, norm="ortho"), over)


def inverse_fourier(y: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    """Invert `fourier`; being orthonormal, this is its adjoint too."""
    over = axes or tuple(range(2, y.ndim))
    return torch.fft.fftshift(torch.fft.ifftn(torch.fft.ifftshift(y, over), dim=over, norm="ortho"), over)


class Fourier(Operator):
    """Single-coil magnetic resonance, y = M F x, in 2D or 3D.

    x (B, C, *S) complex or real; y (B, C, *S) complex, zero where the mask M, the word `sampling` (B, 1, *S), is zero;
    without one all of k-space is measured. F is orthonormal and centred, so A A* = M: the rows are orthonormal
    (`tight`). `inverse` is the zero-filled image. `sampling` draws masks for `acquire` and `measure`, which add
    complex white noise whose standard deviation in each part is `noise` times the image's largest magnitude.
    """

    key = "mr-fourier"
    tight = True
    mask: Tensor | None = None

    def __init__(self, sampling: Sampling = FullSampling(), noise: float = 0.0):
        super().__init__()
        self.sampling, self.noise = sampling, noise

    def of(self, batch: Batch) -> "Fourier":
        """Bind `sampling` where the batch has it."""
        return self.bound(mask=batch["sampling"]) if "sampling" in batch else self

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Transform and keep what is sampled."""
        return self.masked(fourier(x))

    def adjoint(self, y: Tensor) -> Tensor:
        """Give the zero-filled image."""
        return inverse_fourier(self.masked(y))

    def inverse(self, y: Tensor) -> Tensor:
        """Give the zero-filled image."""
        return self.adjoint(y)

    def masked(self, y: Tensor) -> Tensor:
        """Set what is not sampled to zero."""
        if self.mask is None:
            return y
        if self.mask.shape[2:] != y.shape[2:]:
            raise UserError(
                f"The sampling mask is {tuple(self.mask.shape[2:])} and k-space {tuple(y.shape[2:])}.",
                "Give a mask of the same shape, ordered like k-space with its centre in the middle.",
            )
        return y * self.mask

    def acquire(self, x: Tensor, spacing: Any, random: np.random.Generator) -> Batch:
        """Give the words `measurement` and `sampling` of images, with a mask and noise for each case."""
        drawn = np.stack([self.sampling(tuple(x.shape[2:]), random) for _ in range(len(x))])
        batch = {"sampling": torch.from_numpy(drawn)[:, None].to(x.real.dtype)}
        return {**batch, "measurement": self.of(batch).noisy(x, random)}

    def noisy(self, x: Tensor, random: np.random.Generator) -> Tensor:
        """Measure with noise on what is sampled."""
        y = self.A(x)
        parts = random.standard_normal((2, *y.shape)) * (self.noise * float(x.abs().max()))
        return y + self.masked(torch.from_numpy(parts[0] + 1j * parts[1]).to(y))

    def subsampled(self, words: Batch, random: np.random.Generator) -> Batch:
        """Keep of a measured scan the samples that drawn masks have; `target` is the image of all that it has."""
        y = words["measurement"]
        whole = self.of(words)
        target = whole.inverse(y)
        if target.shape[1] != 1:
            raise ValueError(
                f"the scan has {len(y[0])} coils and {type(self).__name__} takes one (MultiCoil takes more)"
            )
        drawn = np.stack([self.sampling(tuple(y.shape[2:]), random) for _ in range(len(y))])
        mask = torch.from_numpy(drawn)[:, None].to(y.real.dtype) * words.get("sampling", 1)
        if not bool(mask.flatten(1).any(1).all()):
            raise ValueError("its mask keeps nothing that the scan has")
        bound = {word: words[word] for word in ("coils",) if word in words}
        return {**bound, "sampling": mask, "measurement": y * mask, "target": target}

    def measure(self, x: Tensor, spacing: Any, random: np.random.Generator) -> Tensor:
        """Give the magnitude of the zero-filled image of a drawn acquisition."""
        words = self.acquire(x, spacing, random)
        return self.of(words).inverse(words["measurement"]).abs()
