"""Parallel imaging: several receive coils with their sensitivities."""

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.fourier import Fourier, inverse_fourier
from adversaria.vocabulary import Batch, UserError


class MultiCoil(Fourier):
    """Multi-coil magnetic resonance, y_j = M F (s_j x) (Pruessmann et al. 1999).

    x (B, 1, *S) complex or real; y (B, J, *S) complex. The batch's word `coils` (B, J, *S) holds the complex
    sensitivities s_j, and `sampling` (B, 1, *S) the mask M. `inverse` divides the adjoint by sum_j |s_j|^2, which is
    the least-squares image of fully sampled data.
    """

    key = "mr-multicoil"
    tight = False
    maps: Tensor | None = None

    def of(self, batch: Batch) -> "MultiCoil":
        """Bind `coils`, and `sampling` where the batch has it."""
        if "coils" not in batch:
            raise UserError(
                "Multi-coil data came without coil sensitivities.",
                "Give the word `coils`, or estimate it from the centre with physics.calibrated.",
            )
        found = self.bound(maps=batch["coils"])
        return found.bound(mask=batch["sampling"]) if "sampling" in batch else found

    @property
    def coils(self) -> Tensor:
        """The bound sensitivities."""
        if self.maps is None:
            raise UserError("No coil sensitivities are bound.", "Call physics.of(batch) with the word `coils`.")
        return self.maps

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Weight by each coil, transform, keep what is sampled."""
        return super().A(x * self.coils)

    def adjoint(self, y: Tensor) -> Tensor:
        """Combine the zero-filled coil images, each weighted by its conjugate sensitivity."""
        return (self.coils.conj() * super().adjoint(y)).sum(1, keepdim=True)

    def inverse(self, y: Tensor) -> Tensor:
        """Combine the coil images so that fully sampled data give back the image; zero where no coil sees."""
        seen = self.coils.abs().square().sum(1, keepdim=True)
        return torch.where(seen > 0, self.adjoint(y) / seen.clamp_min(torch.finfo(seen.dtype).tiny), 0)

    def acquire(self, x: Tensor, spacing: float, random: np.random.Generator) -> Batch:
        """Give `measurement`, `sampling` and, as they were bound, `coils`."""
        return {**super().acquire(x, spacing, random), "coils": self.coils}


def root_sum_of_squares(x: Tensor) -> Tensor:
    """Combine coil images (B, J, *S) without sensitivities: (B, 1, *S), real (Roemer et al. 1990)."""
    combined: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return combined


def calibrated(measurement: Tensor, lines: int | tuple[int, ...] = 24, least: float = 0.02) -> Tensor:
    """Estimate sensitivities from the fully sampled middle of k-space (McKenzie et al. 2002): (B, J, *S).

    The middle `lines` samples of each axis are tapered by a Hann window, and each low-resolution coil image divided
    by their root sum of squares, so that sum_j |s_j|^2 = 1. The phase of the first coil is taken as that of the
    object, whose own phase is thus left in x relative to it. Zero where the root sum of squares is below `least` times
    its largest value.
    """
    shape = measurement.shape[2:]
    wanted = (lines,) * len(shape) if isinstance(lines, int) else lines
    middle = measurement
    for axis, (side, kept) in enumerate(zip(shape, wanted, strict=True)):
        taper = measurement.real.new_zeros(side)
        count = min(kept, side)
        first = side // 2 - count // 2
        taper[first : first + count] = torch.hann_window(count + 2, periodic=False).to(taper)[1:-1]
        middle = middle * taper.view(-1, *[1] * (len(shape) - axis - 1))
    images = inverse_fourier(middle)
    total = root_sum_of_squares(images)
    seen = total > least * total.amax(tuple(range(1, total.ndim)), keepdim=True)
    maps = torch.where(seen, images / total.clamp_min(torch.finfo(total.dtype).tiny), 0)
    return maps * torch.exp(-1j * images[:, :1].angle())
