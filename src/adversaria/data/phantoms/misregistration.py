"""Controlled misregistration: a smooth and a rigid displacement of known size, and images that it moves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from adversaria.data.phantoms.fields import Axes, Lattice, grid
from adversaria.draws import stream

Array = NDArray[Any]
_PITCH = 40.0
_STEPS = 8


class Displacement:
    """What moves images: `pull` (ways, x, y, z) tells (mm) from where each place of the moved image takes its value.

    `flow` (dims, *S) undoes it, in mm along the image's axes (rows, columns[, slices]): fixed(x) = moving(x + flow(x)).
    Images are moved by cubic splines; give them free of noise, and add it afterwards. A plane is moved within itself.
    """

    def __init__(self, pull: Array, spacing: float):
        self.spacing, self.flat = spacing, pull.shape[-1] == 1
        self.pull = pull.astype(np.float32)
        self.push = self._inverse(self.pull)
        swapped = self.push[[1, 0] if self.flat else [1, 0, 2]].transpose(0, 2, 1, 3)
        self.flow = np.ascontiguousarray(swapped[..., 0] if self.flat else swapped)

    @classmethod
    def drawn(cls, name: tuple[int | str, ...], axes: Axes, spacing: float, rms: float) -> "Displacement":
        """A displacement of `rms` mm over the grid of three axes: half of its energy rigid, half a smooth warp."""
        wanted = _wanted(name, axes)
        # what is asked for is the flow's size, which differs from the pull's by their curvature
        scale = rms / _rms(wanted)
        for _ in range(2):
            found = cls(wanted * np.float32(scale), spacing)
            scale *= rms / max(_rms(found.push), 1e-9)
        return found

    def image(self, clean: Array, order: int = 3) -> Array:
        """Move an image (x, y, z)."""
        at = self._places(self.pull)
        plain = clean[..., 0] if self.flat else clean
        moved: Array = map_coordinates(plain, at, order=order, mode="nearest").astype(clean.dtype)
        return moved.reshape(clean.shape)

    def labels(self, mask: Array) -> Array:
        """Move a label map (x, y, z), to the nearest voxel."""
        return self.image(mask, order=0)

    def _places(self, way: Array) -> list[Array]:
        """Voxel coordinates that a displacement leads to."""
        shape = way.shape[1:3] if self.flat else way.shape[1:]
        still = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
        return [s + (w[..., 0] if self.flat else w) / np.float32(self.spacing) for s, w in zip(still, way, strict=True)]

    def _inverse(self, pull: Array) -> Array:
        """The displacement that undoes another: u(x) = -v(x + u(x)), by fixed-point steps."""
        found = -pull
        for _ in range(_STEPS):
            at = self._places(found)
            there = [
                map_coordinates(v[..., 0] if self.flat else v, at, order=1, mode="nearest").reshape(v.shape)
                for v in pull
            ]
            found = -np.stack(there)
        return found


def _rms(way: Array) -> float:
    """Root mean square length."""
    return float(np.sqrt(np.square(way).sum(0).mean())) or 1e-9


def _wanted(name: tuple[int | str, ...], axes: Axes) -> Array:
    """From where each place takes its value, up to a factor: (ways, x, y, z)."""
    flat = len(axes[2]) == 1
    ways = 2 if flat else 3
    middle = tuple((a - a.mean()).astype(np.float32) for a in axes)
    warp = np.stack([Lattice((*name, "misregistration", k), _PITCH).on(axes) for k in range(ways)])
    random = stream(*name, "misregistration", "rigid")
    shift, turn = random.standard_normal((2, 3)).astype(np.float32)
    x, y, z = grid((middle[0], middle[1], middle[2]))
    reach = float(np.abs(axes[0]).max()) or 1.0
    tilt = turn / reach * np.array([0 if flat else 1, 0 if flat else 1, 1], np.float32)
    moved = [
        shift[0] + tilt[1] * z - tilt[2] * y + 0 * x,
        shift[1] + tilt[2] * x - tilt[0] * z + 0 * y,
        shift[2] + tilt[0] * y - tilt[1] * x + 0 * z,
    ]
    rigid = np.stack([np.broadcast_to(m, warp.shape[1:]) for m in moved[:ways]])
    return (warp / _rms(warp) + rigid / _rms(rigid)).astype(np.float32)
