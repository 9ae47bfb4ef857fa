"""Parallel-beam computed tomography: line integrals, their transpose, and filtered back-projection."""

import math
from typing import Any

import torch
from torch import Tensor

from adversaria.physics.operator import Operator


class ParallelBeam(Operator):
    """Parallel-beam Radon transform of square images (Kak and Slaney 1988, chapter 3).

    x (B, C, size, size), row 0 at the top, in 1/cm gives line integrals (B, C, views, detectors), without
    unit. Rays are sampled once a row or column with linear interpolation (Joseph 1982). `angles` is a
    number of views equally spaced over half a turn, or the angles themselves in radians; at angle 0 rays
    run down the columns. `spacing` is the side of a pixel in mm; detector pixels are as wide.
    """

    key = "radon-parallel"
    angles: Tensor

    def __init__(
        self,
        size: int,
        angles: int | tuple[float, ...] = 180,
        detectors: int | None = None,
        spacing: float = 1.0,
    ):
        super().__init__()
        self.size, self.spacing = size, spacing
        self.detectors = detectors or 2 * math.ceil(size * math.sqrt(2) / 2) + 1
        if isinstance(angles, int):
            angles = tuple(math.pi * k / angles for k in range(angles))
        self.register_buffer("angles", torch.tensor(angles, dtype=torch.float64), persistent=False)

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Integrate along rays."""
        self._check(x, (self.size, self.size), "image")
        return _Project.apply(x, self)

    def adjoint(self, y: Tensor) -> Tensor:
        """Smear a sinogram back along the same rays with the same weights."""
        self._check(y, (len(self.angles), self.detectors), "sinogram")
        return _Smear.apply(y, self)

    def inverse(self, y: Tensor) -> Tensor:
        """Reconstruct by filtered back-projection with a Ram-Lak filter (Kak and Slaney, eq. 61 of chapter 3)."""
        self._check(y, (len(self.angles), self.detectors), "sinogram")
        return self.back_project(ramp_filter(y)) * (math.pi / len(self.angles)) / (self.spacing / 10)

    def back_project(self, y: Tensor) -> Tensor:
        """Sum over views what the detector saw at each pixel, linearly interpolated."""
        centre, half = (self.size - 1) / 2, (self.detectors - 1) / 2
        places = torch.arange(self.size, dtype=torch.float64, device=y.device) - centre
        flat = y.flatten(0, 1)
        image = y.new_zeros(flat.shape[0], self.size * self.size)
        for view, angle in enumerate(self.angles.tolist()):
            at = places * math.cos(angle) + (places * math.sin(angle))[:, None] + half
            image += _interpolate(flat[:, view], at.flatten())
        return image.view(*y.shape[:2], self.size, self.size)

    def rays(self, angle: float, device: torch.device) -> tuple[Tensor, Tensor, Tensor, float, bool]:
        """Give pixel index, weight of the next pixel, validity, step in cm, and whether rays run down columns."""
        cosine, sine = math.cos(angle), math.sin(angle)
        down = abs(cosine) >= abs(sine)
        along, across = (sine, cosine) if down else (cosine, sine)
        offsets = torch.arange(self.detectors, dtype=torch.float64, device=device) - (self.detectors - 1) / 2
        lines = torch.arange(self.size, dtype=torch.float64, device=device) - (self.size - 1) / 2
        at = (offsets[None, :] - lines[:, None] * along) / across + (self.size - 1) / 2
        first = at.floor()
        return first.long(), at - first, (at > -1) & (at < self.size), self.spacing / 10 / abs(across), down

    def _check(self, tensor: Tensor, wanted: tuple[int, int], name: str) -> None:
        if tensor.ndim != 4 or tuple(tensor.shape[2:]) != wanted:
            raise ValueError(f"the {name} has shape {tuple(tensor.shape)}, not (B, C, {wanted[0]}, {wanted[1]})")


def ramp_filter(y: Tensor) -> Tensor:
    """Filter each view with the band-limited ramp, sampled in space so that its mean is right."""
    count = y.shape[-1]
    length = 2 ** math.ceil(math.log2(2 * count))
    n = torch.arange(length, dtype=torch.float64, device=y.device)
    n = torch.minimum(n, length - n)
    kernel = torch.where(n % 2 == 1, -1 / (math.pi * n.clamp_min(1)).square(), torch.zeros_like(n))
    kernel[0] = 0.25
    response = torch.fft.rfft(kernel).real.to(y.dtype)
    return torch.fft.irfft(torch.fft.rfft(y, length) * response, length)[..., :count]


def _interpolate(values: Tensor, at: Tensor) -> Tensor:
    first = at.floor()
    share = (at - first).to(values.dtype)
    index = first.long().clamp(0, values.shape[1] - 2)
    inside = ((at >= 0) & (at <= values.shape[1] - 1)).to(values.dtype)
    return (values[:, index] * (1 - share) + values[:, index + 1] * share) * inside


def _project(x: Tensor, beam: ParallelBeam) -> Tensor:
    padded = torch.nn.functional.pad(x.flatten(0, 1), (1, 1, 1, 1))
    across = padded.mT.contiguous()
    views = []
    lines = torch.arange(beam.size, device=x.device)[:, None] + 1
    for angle in beam.angles.tolist():
        index, share, valid, step, down = beam.rays(angle, x.device)
        source = (padded if down else across).flatten(1)
        place = lines * (beam.size + 2) + (index + 1).clamp(0, beam.size)
        weight = share.to(x.dtype)
        first, second = (1 - weight) * valid, weight * valid
        taken = source[:, place] * first + source[:, place + 1] * second
        views.append(taken.sum(1) * step)
    return torch.stack(views, 1).view(*x.shape[:2], len(views), beam.detectors)


def _smear(y: Tensor, beam: ParallelBeam) -> Tensor:
    flat = y.flatten(0, 1)
    side = beam.size + 2
    straight, turned = (y.new_zeros(flat.shape[0], side * side) for _ in range(2))
    lines = torch.arange(beam.size, device=y.device)[:, None] + 1
    for view, angle in enumerate(beam.angles.tolist()):
        index, share, valid, step, down = beam.rays(angle, y.device)
        image = straight if down else turned
        place = (lines * side + (index + 1).clamp(0, beam.size)).flatten()
        weight = share.to(y.dtype)
        values = flat[:, view, None, :] * step
        image.index_add_(1, place, (values * ((1 - weight) * valid)).flatten(1))
        image.index_add_(1, place + 1, (values * (weight * valid)).flatten(1))
    both = straight.view(-1, side, side) + turned.view(-1, side, side).mT
    return both[:, 1:-1, 1:-1].reshape(*y.shape[:2], beam.size, beam.size)


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, beam: ParallelBeam) -> Tensor:
        context.beam = beam
        return _project(x, beam)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return _Smear.apply(gradients[0], context.beam), None


class _Smear(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, y: Tensor, beam: ParallelBeam) -> Tensor:
        context.beam = beam
        return _smear(y, beam)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return _Project.apply(gradients[0], context.beam), None
