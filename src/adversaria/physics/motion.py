"""Rigid motion between the shots of a magnetic resonance acquisition."""

import math

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.fourier import fourier, inverse_fourier
from adversaria.physics.operator import Operator
from adversaria.vocabulary import Batch, UserError


class RigidMotion(Operator):
    """y = sum_s M_s F T_s x: each shot s takes its lines of k-space from the object in another pose (Batchelor 2005).

    x (B, C, *S) complex or real; y (B, C, *S) complex. The word `motion` (B, shots, 3) holds a turn in radians and
    shifts in voxels along both axes, in 3D (B, shots, 6) turns about the three axes and three shifts. The lines along
    `axis` are taken in order, an equal share by each shot. Turns are three shears, each done by the Fourier
    shift theorem, and wrap around the field of view (Eddy et al. 1996), so that T is unitary and the adjoint exact.
    `measure` draws poses from normal distributions of `degrees` and `mm`, the first shot being at rest, and gives
    the magnitude of the uncorrected image.
    """

    key = "rigid-motion"
    poses: Tensor | None = None

    def __init__(self, shots: int = 8, degrees: float = 3.0, mm: float = 2.0, axis: int = -2):
        super().__init__()
        self.shots, self.degrees, self.mm, self.axis = shots, degrees, mm, axis

    def of(self, batch: Batch) -> "RigidMotion":
        """Bind `motion`."""
        return self.bound(poses=batch["motion"]) if "motion" in batch else self

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Measure each shot's lines of the moved object."""
        return torch.stack([fourier(moved(x, pose)) * mask for pose, mask in self.taken(x)]).sum(0)

    def adjoint(self, y: Tensor) -> Tensor:
        """Move each shot's zero-filled image back and add them."""
        return torch.stack([moved(inverse_fourier(y * mask), pose, back=True) for pose, mask in self.taken(y)]).sum(0)

    def inverse(self, y: Tensor) -> Tensor:
        """Reconstruct as if nothing had moved."""
        return inverse_fourier(y)

    def taken(self, tensor: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Give each shot's pose (B, N) and its lines as a mask."""
        if self.poses is None:
            raise UserError("No motion is bound.", "Call physics.of(batch) with the word `motion`.")
        side = tensor.shape[self.axis]
        shots = self.poses.shape[1]
        owner = torch.arange(side, device=tensor.device) * shots // side
        shape = [1] * tensor.ndim
        shape[self.axis] = side
        masks = [(owner == s).view(shape).to(tensor.real.dtype) for s in range(shots)]
        return [(self.poses[:, s], masks[s]) for s in range(shots)]

    def acquire(self, x: Tensor, spacing: float, random: np.random.Generator) -> Batch:
        """Draw poses and give the words `motion` and `measurement`."""
        dims = x.ndim - 2
        turns = 1 if dims == 2 else 3
        poses = random.standard_normal((len(x), self.shots, turns + dims))
        poses *= [math.radians(self.degrees)] * turns + [self.mm / spacing] * dims
        poses[:, 0] = 0
        words = {"motion": torch.from_numpy(poses).to(x.real.dtype)}
        return {**words, "measurement": self.of(words).A(x)}

    def measure(self, x: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Give the magnitude of an image that was taken in motion."""
        return self.inverse(self.acquire(x, spacing, random)["measurement"]).abs()


def moved(x: Tensor, pose: Tensor, back: bool = False) -> Tensor:
    """Turn and then shift images (B, C, *S) by poses (B, N); `back` undoes it."""
    dims = x.ndim - 2
    planes = [(2, 3)] if dims == 2 else [(3, 4), (2, 4), (2, 3)]
    turns, shifts = pose[:, : len(planes)], pose[:, len(planes) :]
    steps = [(one, other, turns[:, k]) for k, (one, other) in enumerate(planes)]
    if back:
        x = _shifted(x, -shifts)
        for one, other, turn in reversed(steps):
            x = _turned(x, one, other, -turn)
        return x
    for one, other, turn in steps:
        x = _turned(x, one, other, turn)
    return _shifted(x, shifts)


def _turned(x: Tensor, one: int, other: int, turn: Tensor) -> Tensor:
    """Turn from axis `one` towards axis `other`: three shears."""
    x = _sheared(x, one, other, -(turn / 2).tan())
    x = _sheared(x, other, one, turn.sin())
    return _sheared(x, one, other, -(turn / 2).tan())


def _sheared(x: Tensor, axis: int, by: int, amount: Tensor) -> Tensor:
    """Shift along `axis` by `amount` times the distance from the middle of axis `by`."""
    place = torch.arange(x.shape[by], dtype=amount.dtype, device=x.device) - (x.shape[by] - 1) / 2
    return _phased(x, axis, _along(place, by, x.ndim) * amount.view(-1, *[1] * (x.ndim - 1)))


def _shifted(x: Tensor, shifts: Tensor) -> Tensor:
    for k in range(x.ndim - 2):
        x = _phased(x, k + 2, shifts[:, k].view(-1, *[1] * (x.ndim - 1)))
    return x


def _phased(x: Tensor, axis: int, shift: Tensor) -> Tensor:
    frequency = torch.fft.fftfreq(x.shape[axis], dtype=shift.dtype, device=x.device)
    turn = -2 * math.pi * _along(frequency, axis, x.ndim) * shift
    return torch.fft.ifft(torch.fft.fft(x, dim=axis) * torch.polar(torch.ones_like(turn), turn), dim=axis)


def _along(values: Tensor, axis: int, ndim: int) -> Tensor:
    return values.view([-1 if k == axis else 1 for k in range(ndim)])
