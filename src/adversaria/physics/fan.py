"""Fan-beam computed tomography with a flat detector."""

import math

import torch
from torch import Tensor

from adversaria.physics.beam import Beam, Rays, angles_of


class FanBeam(Beam):
    """Fan-beam transform of square images, equally spaced rays (Kak and Slaney 1988, section 3.4.2).

    The source stands `distance` mm from the middle of the image; the detector is given as it appears through the
    middle, with elements as wide as a pixel there. `angles` is a number of views equally spaced over a full turn, or
    the angles of the central ray in radians; at angle 0 it runs down the columns. `inverse` is made for views
    that are equally spaced over a full turn, and refuses others. Shapes and units: `Beam`.
    """

    key = "radon-fan"

    def __init__(
        self,
        size: int,
        angles: int | tuple[float, ...] = 360,
        detectors: int | None = None,
        spacing: float = 1.0,
        distance: float = 541.0,
        shift: float = 0.0,
    ):
        corner = size * math.sqrt(2) / 2
        far = distance / spacing
        if far <= corner:
            raise ValueError(f"a source at {distance:g} mm stands inside an image of {size} x {spacing:g} mm")
        seen = corner / math.sqrt(1 - (corner / far) ** 2)
        super().__init__(size, angles_of(angles, 360.0), detectors or 2 * math.ceil(seen) + 1, spacing, 1.0, shift)
        self.distance = far

    def rays(self, angle: float, device: torch.device) -> Rays:
        """Give the rays of one view as parallel rays of their own angle and offset (eq. 91 and 92 there)."""
        s = self.offsets(device)
        turned = angle - torch.atan(s / self.distance)
        offset = s * self.distance / (self.distance**2 + s.square()).sqrt()
        cosine, sine = turned.cos(), turned.sin()
        down = cosine.abs() >= sine.abs()
        along, across = torch.where(down, sine, cosine), torch.where(down, cosine, sine)
        return Rays(offset / across, -along / across, down)

    def shadow(self, angle: float, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give where pixels fall on the detector, and the inverse square of their relative distance to the source."""
        cosine, sine = math.cos(angle), math.sin(angle)
        far = 1 + (rows * cosine - columns * sine) / self.distance
        return (columns * cosine + rows * sine) / far, far.square().reciprocal()

    def filtered(self, y: Tensor, resolution: float) -> Tensor:
        """Weigh by the cosine, filter by half the ramp, and project back with weights."""
        steps = torch.diff(self.angles.sort().values, append=self.angles.min()[None] + 2 * math.pi)
        if len(steps) > 1 and (steps - steps.mean()).abs().max() > 1e-6:
            raise ValueError("filtered back-projection of a fan beam needs views equally spaced over a full turn")
        s = self.offsets(y.device)
        cosine = (self.distance / (self.distance**2 + s.square()).sqrt()).to(y.dtype)
        return self.back_project(self.ramped(y * cosine, resolution)) * (math.pi / len(steps))
