"""What the geometries of computed tomography share: rays through an image, their transpose, back-projection."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.physics.ray_matrix import fits, matrix_of, times
from adversaria.vocabulary import Batch


class Rays(NamedTuple):
    """The rays of one view in pixels from the middle: `across = intercept + slope * along`.

    `down` says which rays run along columns (along is then the row); the others run along rows.
    """

    intercept: Tensor
    slope: Tensor
    down: Tensor


class Beam(Operator):
    """Line integrals of square images by Joseph's method (1982): one sample a row or column, linearly interpolated.

    x (B, C, size, size), row 0 at the top, in 1/cm gives (B, C, views, detectors), without unit, in single precision
    at least. `angles` in radians may be bound from the word `angles` (B, N) of a batch, the same or others for each
    case. `spacing` is the side of a pixel in mm, `pitch` the width of a detector element in pixels, and `shift` says
    how many elements beside the detector's middle the axis of rotation is seen.
    """

    unit = "1/cm"
    turn = 2 * math.pi  # after which a view is seen again
    angles: Tensor

    def __init__(
        self,
        size: int,
        angles: tuple[float, ...],
        detectors: int,
        spacing: float,
        pitch: float = 1.0,
        shift: float = 0.0,
    ):
        super().__init__()
        if not angles or not all(map(math.isfinite, angles)):
            raise ValueError("a scan needs at least one angle, and finite ones")
        self.size, self.spacing, self.detectors = size, spacing, detectors
        self.pitch, self.shift = pitch, shift
        self.register_buffer("angles", torch.tensor(angles, dtype=torch.float64), persistent=False)

    def of(self, batch: Batch) -> "Beam":
        """Bind `angles` where the batch has them."""
        if "angles" not in batch:
            return self
        angles = batch["angles"].double()
        return self.bound(angles=angles[0] if bool((angles == angles[0]).all()) else angles)

    def acquire(self, x: Tensor, spacing: float, random: Any) -> Batch:
        """Give the word `measurement` without noise; lengths count in this operator's own pixels."""
        return {"measurement": self.A(x)}

    def subsampled(self, words: Batch, random: Any) -> Batch:
        """Keep of a measured scan the view nearest to each of the own angles; `target` is the image of all views."""
        if "angles" not in words:
            raise ValueError("the scan does not say at which angles its views were taken")
        y, there = words["measurement"], words["angles"].double()
        apart = (there[:, None] - self.angles[:, None] + self.turn / 2).remainder(self.turn) - self.turn / 2
        kept = apart.abs().argmin(-1)
        asked, views = len(self.angles), y.shape[2]
        alone = min(len(row.unique()) for row in kept)
        if alone < asked:
            raise ValueError(
                f"the scan has {views} views, and of the {asked} asked for {asked - alone} have none there"
            )
        target = self.of(words).inverse(y)
        rows = kept[:, None, :, None].expand(-1, y.shape[1], -1, y.shape[3])
        return {"measurement": y.gather(2, rows), "angles": words["angles"].gather(1, kept), "target": target}

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Integrate along rays."""
        self.check(x, (self.size, self.size), "image")
        return torch.cat([_Project.apply(part, beam) for part, beam in self.parts(x)])

    def adjoint(self, y: Tensor) -> Tensor:
        """Smear a sinogram back along the same rays with the same weights."""
        self.check(y, (self.angles.shape[-1], self.detectors), "sinogram")
        return torch.cat([_Smear.apply(part, beam) for part, beam in self.parts(y)])

    def inverse(self, y: Tensor, resolution: float = 0.0) -> Tensor:
        """Reconstruct by filtered back-projection, blurred to a `resolution` in mm (full width at half maximum)."""
        self.check(y, (self.angles.shape[-1], self.detectors), "sinogram")
        return torch.cat([beam.filtered(part, resolution) for part, beam in self.parts(y)])

    def offsets(self, device: torch.device) -> Tensor:
        """Give where the detector's elements are, in pixels from the axis of rotation."""
        elements = torch.arange(self.detectors, dtype=torch.float64, device=device)
        return (elements - (self.detectors - 1) / 2 - self.shift) * self.pitch

    def ramped(self, y: Tensor, resolution: float) -> Tensor:
        """Filter views for back-projection, per cm.

        What linear interpolation between elements blurs already (its variance is an element squared over 6) counts
        towards the resolution.
        """
        element = self.spacing * self.pitch
        blur = math.sqrt(max(0.0, (resolution / element) ** 2 - 8 * math.log(2) / 6))
        return ramp_filter(y, blur) / (element / 10)

    def filtered(self, y: Tensor, resolution: float) -> Tensor:
        """Reconstruct cases that share their angles."""
        raise TypeError(f"{type(self).__name__} has no direct inverse")

    def rays(self, angle: float, device: torch.device) -> Rays:
        """Give the rays of one view, one a detector."""
        raise NotImplementedError

    def shadow(self, angle: float, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give where pixels fall on the detector, in pixels from the axis, and their weight where it is not 1."""
        raise NotImplementedError

    def parts(self, tensor: Tensor) -> list[tuple[Tensor, "Beam"]]:
        """Split a batch where its cases have angles of their own."""
        tensor = tensor if tensor.dtype == torch.float64 else tensor.float()
        if self.angles.ndim == 1:
            return [(tensor, self)]
        if len(self.angles) != len(tensor):
            raise ValueError(f"{len(self.angles)} sets of angles do not fit {len(tensor)} cases")
        return [(tensor[k : k + 1], self.bound(angles=own)) for k, own in enumerate(self.angles)]

    def back_project(self, y: Tensor) -> Tensor:
        """Sum over views what the detector saw at each pixel, linearly interpolated and weighted."""
        place = torch.arange(self.size, dtype=y.dtype, device=y.device) - (self.size - 1) / 2
        flat = torch.nn.functional.pad(y.flatten(0, 1), (2, 2))
        image = y.new_zeros(flat.shape[0], self.size * self.size)
        for view, angle in enumerate(self.angles.tolist()):
            at, weight = self.shadow(angle, place[:, None], place[None, :])
            at = at.mul(1 / self.pitch).add_(self.shift + (self.detectors - 1) / 2)
            low = at.floor().clamp_(-2, self.detectors)
            seen = _between(flat[:, view], (low.long() + 2).flatten(), at.sub_(low).flatten())
            image += seen * weight.flatten() if isinstance(weight, Tensor) else seen
        return image.view(*y.shape[:2], self.size, self.size)

    def check(self, tensor: Tensor, wanted: tuple[int, int], name: str) -> None:
        """Refuse what does not fit the geometry."""
        if tensor.ndim != 4 or tuple(tensor.shape[2:]) != wanted:
            raise ValueError(f"the {name} has shape {tuple(tensor.shape)}, not (B, C, {wanted[0]}, {wanted[1]})")


def angles_of(views: int | tuple[float, ...], span: float) -> tuple[float, ...]:
    """Give `views` angles equally spaced over `span` degrees, its end left out; angles themselves pass."""
    if isinstance(views, int):
        return tuple(math.radians(span) * k / views for k in range(views))
    return tuple(views)


def ramp_filter(y: Tensor, blur: float = 0.0) -> Tensor:
    """Filter each view with the band-limited ramp, sampled in space so that its mean is right (Kak and Slaney 3.3).

    `blur` is the full width at half maximum, in detectors, of a Gaussian that the view is blurred with as well.
    """
    count = y.shape[-1]
    length = 2 ** math.ceil(math.log2(2 * count))
    n = torch.arange(length, dtype=torch.float64, device=y.device)
    n = torch.minimum(n, length - n)
    kernel = torch.where(n % 2 == 1, -1 / (math.pi * n.clamp_min(1)).square(), torch.zeros_like(n))
    kernel[0] = 0.25
    frequency = torch.fft.rfftfreq(length, dtype=torch.float64, device=y.device)
    transfer = torch.exp(-((math.pi * blur * frequency) ** 2) / (4 * math.log(2)))
    response = (torch.fft.rfft(kernel).real * transfer).to(y.dtype)
    return torch.fft.irfft(torch.fft.rfft(y, length) * response, length)[..., :count]


def _between(values: Tensor, place: Tensor, share: Tensor) -> Tensor:
    """Interpolate each row of `values` between `place` and the next; index_select is the fastest way to gather."""
    return torch.lerp(values.index_select(1, place), values.index_select(1, place + 1), share)


def _pairs(image: Tensor) -> Tensor:
    """Join each pixel and the way to the next as one complex number, for one gather of both from a large image."""
    way = torch.nn.functional.pad(image[..., 1:] - image[..., :-1], (0, 1))
    return torch.view_as_complex(torch.stack([image, way], -1)).flatten(1)


class _Walk(NamedTuple):
    """Rays of one view along one axis: which detectors, places in the padded image, share of the next, step in cm."""

    which: Tensor | slice
    down: bool
    place: Tensor
    share: Tensor
    step: Tensor


BORDER = 2  # zeros around an image, so that rays beside it meet two of them


def _walks(beam: Beam, angle: float, like: Tensor) -> list[_Walk]:
    rays = beam.rays(angle, like.device)
    lines = torch.arange(beam.size, dtype=like.dtype, device=like.device)
    base = (torch.arange(beam.size, device=like.device)[:, None] + BORDER) * (beam.size + 2 * BORDER) + BORDER
    middle = (beam.size - 1) / 2
    every = bool(rays.down.all()), not bool(rays.down.any())
    found = []
    for down, alone in zip((True, False), every, strict=True):
        which = slice(None) if alone else (rays.down == down).nonzero()[:, 0]
        if not isinstance(which, slice) and (not len(which) or any(every)):
            continue
        slope = rays.slope[which]
        start = (rays.intercept[which] + middle * (1 - slope)).to(like.dtype)
        at = torch.addcmul(start, lines[:, None], slope.to(like.dtype))
        low = at.floor().clamp_(-BORDER, beam.size)
        step = beam.spacing / 10 * (1 + slope.square()).sqrt()
        found.append(_Walk(which, down, low.long() + base, at.sub_(low), step.to(like.dtype)))
    return found


def _project(x: Tensor, beam: Beam) -> Tensor:
    if fits(beam, x):
        rows = times(matrix_of(beam, x, _walks, BORDER).along, x.flatten(0, 1).flatten(1))
        return rows.view(*x.shape[:2], len(beam.angles), beam.detectors)
    padded = torch.nn.functional.pad(x.flatten(0, 1), (BORDER,) * 4)
    straight, turned = _pairs(padded), _pairs(padded.mT)
    y = x.new_zeros(len(padded), len(beam.angles), beam.detectors)
    for view, angle in enumerate(beam.angles.tolist()):
        for walk in _walks(beam, angle, x):
            source = straight if walk.down else turned
            pair = torch.view_as_real(source.index_select(1, walk.place.flatten()))
            pair = pair.view(len(padded), *walk.place.shape, 2)
            y[:, view, walk.which] = torch.addcmul(pair[..., 0], pair[..., 1], walk.share).sum(1) * walk.step
    return y.view(*x.shape[:2], *y.shape[1:])


def _smear(y: Tensor, beam: Beam) -> Tensor:
    if fits(beam, y):
        pixels = times(matrix_of(beam, y, _walks, BORDER).back, y.flatten(0, 1).flatten(1))
        return pixels.view(*y.shape[:2], beam.size, beam.size)
    flat = y.flatten(0, 1)
    side = beam.size + 2 * BORDER
    straight, turned = (y.new_zeros(flat.shape[0], side * side) for _ in range(2))
    for view, angle in enumerate(beam.angles.tolist()):
        for walk in _walks(beam, angle, y):
            image, values = straight if walk.down else turned, (flat[:, view, walk.which] * walk.step)[:, None]
            place, later = walk.place.flatten(), values * walk.share
            image.index_add_(1, place, (values - later).flatten(1))
            image.index_add_(1, place + 1, later.flatten(1))
    both = straight.view(-1, side, side) + turned.view(-1, side, side).mT
    return both[:, BORDER:-BORDER, BORDER:-BORDER].reshape(*y.shape[:2], beam.size, beam.size)


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, beam: Beam) -> Tensor:
        context.beam = beam
        return _project(x, beam)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return _Smear.apply(gradients[0], context.beam), None


class _Smear(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, y: Tensor, beam: Beam) -> Tensor:
        context.beam = beam
        return _smear(y, beam)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return _Project.apply(gradients[0], context.beam), None
