"""What a probe in the rectum does to a prostate, and what it sees."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from adversaria.data.phantoms.fields import Axes, grid
from adversaria.data.phantoms.prostate_anatomy import LABELS, Gland
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.ultrasound import MACHINES, Probe, b_mode
from adversaria.draws import stream

Array = NDArray[Any]

# echogenicity (dB against the peripheral zone), attenuation (dB / cm / MHz) and impedance of each label, 0 first
_ECHO = np.array([-12, -1, -8, -14, -12, -40, -38, -9, 8, 4], np.float32)
_LOSS = np.array([0.6, 0.5, 0.6, 0.6, 0.3, 0.6, 0.02, 0.9, 14, 0.6], np.float32)
_HARD = np.array([1.5, 1.62, 1.64, 1.60, 1.57, 1.62, 1.50, 1.68, 3.2, 1.44], np.float32)


class Pressed:
    """A displacement by a probe: a push to the front that fades from the contact, swelling, free of divergence.

    `flow` (dims, *S; mm along rows, columns[, slices]): pressed(x) = rest(x + flow(x)).
    """

    def __init__(
        self, name: tuple[int | str, ...], axes: Axes, spacing: float, probe: tuple[float, float], pressure: float
    ):
        self.axes, self.spacing, self.flat = axes, spacing, len(axes[2]) == 1
        u = stream(*name, "press").uniform(-1, 1, 6)
        depth, radius = pressure * (11 + 8 * u[0]), 15 + 4 * u[1]
        x, y, z = grid(axes)
        level = 0.0 if self.flat else 0.5 * float(axes[2][0] + axes[2][-1]) + 6 * u[2]
        aside, back = x - np.float32(probe[0] + 4 * u[3]), np.float32(probe[1]) - y
        far = np.sqrt(np.square(aside) + (0 if self.flat else 1) * np.square(z - np.float32(level)))
        push = depth * np.exp(-0.5 * np.square(far / radius)) * np.exp(-np.clip(back - 8, 0, None) / 22)
        push = push * np.exp(-np.clip(-back, 0, None) / 12)
        slide = 0.25 * pressure * u[4] * 4 * np.exp(-np.square(far / 30) - np.square((back - 25) / 30))
        way = np.zeros((2 if self.flat else 3, *push.shape), np.float32)
        way[0], way[1] = slide, push
        self.pull = _incompressible(way, spacing)
        # rest(x + flow) is what comes to lie at x: the front moves to -y, so x takes what lay behind it
        ways = [1, 0] if self.flat else [1, 0, 2]
        swapped = self.pull[ways].transpose(0, 2, 1, 3)
        self.flow = np.ascontiguousarray(swapped[..., 0] if self.flat else swapped)

    def _cells(self, shift: Array) -> list[Array]:
        still = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shift.shape[1:]), indexing="ij", sparse=True)
        shifts = [*shift / np.float32(self.spacing), *([np.float32(0)] if self.flat else [])]
        return [s + w for s, w in zip(still, shifts, strict=True)]

    def labels(self, rest: Array) -> Array:
        """A label map (x, y, z) after pressing."""
        at = np.broadcast_arrays(*self._cells(self.pull))
        found: Array = map_coordinates(rest, at, order=0, mode="nearest")
        return found

    def points(self, rest: Array) -> Array:
        """Where points (N, 3) of the gland at rest come to lie: x + flow(x) = rest, by fixed-point steps."""
        moved = rest.copy()
        starts = np.array([axis[0] for axis in self.axes])
        for _ in range(12):
            at = ((moved - starts) / self.spacing).T
            shift = np.stack([map_coordinates(w, at, order=1, mode="nearest") for w in self.pull], 1)
            moved[:, : shift.shape[1]] = rest[:, : shift.shape[1]] - shift
        return moved


def _incompressible(way: Array, spacing: float) -> Array:
    """A displacement without its divergence: minus the gradient of the potential that has it."""
    flat = way.shape[-1] == 1
    shape = way.shape[1:3] if flat else way.shape[1:]
    frequencies = [np.fft.fftfreq(n, spacing) for n in shape[:-1]] + [np.fft.rfftfreq(shape[-1], spacing)]
    f = np.meshgrid(*frequencies, indexing="ij", sparse=True)
    square = np.asarray(sum(np.square(k) for k in f))
    square.reshape(-1)[0] = 1.0
    spectra = [np.fft.rfftn(w[..., 0] if flat else w) for w in way]
    divergence = np.asarray(sum(k * s for k, s in zip(f, spectra, strict=True))) / square
    found = np.stack(
        [np.fft.irfftn(s - k * divergence, shape, tuple(range(len(shape)))) for k, s in zip(f, spectra, strict=True)]
    )
    return (found[..., None] if flat else found).astype(np.float32)


def insonified(
    scene: Scene, labels: Array, tumour: Array, gland: Gland, domain: str, noise: float, contrast: float
) -> Array:
    """What a probe in the rectum sees of a label map (x, y, z), slice by slice."""
    x, y, z = scene.axes
    flat = len(z) == 1
    probe = Probe(
        gland.probe[0],
        gland.probe[1] - 2,
        -np.pi / 2,
        np.deg2rad(150),
        9.0,
        62.0,
        *((384, 160) if flat else (160, 90)),
    )
    px, py = probe.points
    at = [(px - x[0]) / scene.voxel, (py - y[0]) / scene.voxel]
    whole = np.meshgrid(x, y, indexing="ij")
    isoechoic = stream(*scene.name, "isoechoic").uniform() < 0.33
    random = stream(*scene.name, "speckle")
    found = np.zeros_like(scene.image)
    grain = 1.2 * scene.field("echo", 7.0)
    for k in range(len(z)):
        part = map_coordinates(labels[..., k], at, order=0, mode="nearest")
        sick = map_coordinates((tumour[..., k] > 0).astype(np.float32), at, order=1, mode="nearest")
        uneven = map_coordinates(grain[..., k], at, order=1, mode="nearest")
        echo = _ECHO[part] - (2 if isoechoic else 7) * contrast * sick + uneven
        gas = (part == LABELS["rectum"]) & (probe.ranges[:, None] > 10)
        echo, loss = np.where(gas, -30, echo), np.where(gas, 8, _LOSS[part])
        strength = noise / 0.03
        image = b_mode(echo, loss, probe, MACHINES[domain], random, min(1.0, strength), _HARD[part], strength)
        found[..., k] = probe.shown(image, *whole)
    return found
