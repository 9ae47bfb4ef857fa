"""Parallel-beam computed tomography: line integrals, their transpose, and filtered back-projection."""

import math

import torch
from torch import Tensor

from adversaria.physics.beam import Beam, Rays, angles_of


class ParallelBeam(Beam):
    """Parallel-beam Radon transform of square images (Kak and Slaney 1988, chapter 3).

    `angles` is a number of views equally spaced over `span` degrees (less than 180 is a limited angle, few views are a
    sparse scan), or the angles themselves in radians; at angle 0 rays run down the columns. Elements of the
    detector are as wide as pixels unless `pitch` says otherwise. Shapes and units: `Beam`.
    """

    key = "radon-parallel"
    turn = math.pi  # half a turn shows the same lines, mirrored

    def __init__(
        self,
        size: int,
        angles: int | tuple[float, ...] = 180,
        detectors: int | None = None,
        spacing: float = 1.0,
        span: float = 180.0,
        pitch: float = 1.0,
        shift: float = 0.0,
    ):
        wide = detectors or 2 * math.ceil(size * math.sqrt(2) / 2 / pitch) + 1
        super().__init__(size, angles_of(angles, span), wide, spacing, pitch, shift)

    def rays(self, angle: float, device: torch.device) -> Rays:
        """Give the rays of one view."""
        cosine, sine = math.cos(angle), math.sin(angle)
        down = abs(cosine) >= abs(sine)
        along, across = (sine, cosine) if down else (cosine, sine)
        offsets = self.offsets(device)
        slope = torch.full_like(offsets, -along / across)
        return Rays(offsets / across, slope, torch.full_like(offsets, down, dtype=torch.bool))

    def shadow(self, angle: float, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give where pixels fall on the detector; all weigh the same."""
        return columns * math.cos(angle) + rows * math.sin(angle), None

    def filtered(self, y: Tensor, resolution: float) -> Tensor:
        """Filter by the ramp, weigh each view by the turn it stands for, and project back (eq. 61 there)."""
        return self.back_project(self.ramped(y, resolution) * gaps(self.angles).to(y)[:, None])


def gaps(angles: Tensor) -> Tensor:
    """Give the share of half a turn, in radians, that each view stands for: half the way to either neighbour.

    A way of more than twice the median is a gap that was not scanned, and counts as the median. All views
    together stand for half a turn at most; a single view stands for all of it.
    """
    if len(angles) == 1:
        return angles.new_full((1,), math.pi)
    turned = angles.remainder(math.pi)
    order = turned.argsort()
    way = torch.diff(turned[order], append=turned[order][:1] + math.pi)
    usual = way[way > 1e-9].median()
    way = torch.where(way > 2 * usual + 1e-9, usual, way)
    found = torch.empty_like(way)
    found[order] = (way + way.roll(1)) / 2
    return found
