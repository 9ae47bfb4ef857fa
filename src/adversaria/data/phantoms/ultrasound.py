"""How ultrasound shows tissue: speckle, specular borders, shadows, attenuation, compression, scan conversion."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

Array = NDArray[Any]


@dataclass(frozen=True)
class Probe:
    """A curved or pointed probe at (x, y) mm, looking along `towards` radians (0 is +x, pi/2 is +y).

    Beams leave an arc of `radius` mm and reach `depth` mm beyond it, over `opening` radians.
    """

    x: float
    y: float
    towards: float
    opening: float
    radius: float
    depth: float
    samples: int = 384
    beams: int = 160

    @cached_property
    def ranges(self) -> Array:
        """Distance of each sample from the arc (mm)."""
        return ((np.arange(self.samples) + 0.5) * self.depth / self.samples).astype(np.float32)

    @cached_property
    def points(self) -> tuple[Array, Array]:
        """Where each sample of each beam lies: (samples, beams) of x and of y."""
        angles = self.towards + self.opening * ((np.arange(self.beams) + 0.5) / self.beams - 0.5)
        far = self.radius + self.ranges[:, None]
        x, y = self.x + far * np.cos(angles)[None], self.y + far * np.sin(angles)[None]
        return x.astype(np.float32), y.astype(np.float32)

    def cells(self, x: Array, y: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Sample and beam (as fractions) of places, and whether the probe sees them."""
        dx, dy = x - np.float32(self.x), y - np.float32(self.y)
        turn = (np.arctan2(dy, dx) - self.towards + np.pi) % (2 * np.pi) - np.pi
        sample = (np.hypot(dx, dy) - self.radius) * (self.samples / self.depth) - 0.5
        beam = (turn / self.opening + 0.5) * self.beams - 0.5
        seen = (sample > -0.5) & (sample < self.samples - 0.5) & (beam > -0.5) & (beam < self.beams - 0.5)
        return sample, beam, seen

    def shown(self, polar: Array, x: Array, y: Array, order: int = 1) -> Array:
        """Bring an image of samples and beams to places; 0 where the probe does not see."""
        sample, beam, seen = self.cells(x, y)
        found: Array = map_coordinates(polar, [sample, beam], order=order, mode="nearest")
        return found * seen


@dataclass(frozen=True)
class Machine:
    """Settings: centre frequency (MHz), dynamic range and gain (dB), axial and lateral blur (samples), smoothing."""

    frequency: float = 5.0
    dynamic: float = 48.0
    gain: float = 0.0
    axial: float = 2.0
    lateral: float = 1.9
    focus: float = 0.5  # share of the depth
    smoothing: float = 0.0


MACHINES = {"a": Machine(), "b": Machine(frequency=3.5, dynamic=62.0, gain=4.0, axial=3.0, lateral=2.8, smoothing=0.9)}


def b_mode(
    echo: Array,
    attenuation: Array,
    probe: Probe,
    machine: Machine,
    random: np.random.Generator,
    speckle: float = 1.0,
    impedance: Array | None = None,
    heat: float = 1.0,
) -> Array:
    """Image (samples, beams), 0 to 1, of tissue with an echogenicity (dB) and an attenuation (dB / cm / MHz).

    Complex scatterers are weighed by the echo that comes back from their depth, blurred by a pulse that widens away
    from the focus, and log-compressed; the gain over depth makes up for 0.5 dB / cm / MHz. Borders of `impedance`
    (relative) across the beam reflect. `speckle` 0 gives the mean echo; `heat` is times the receiver's noise.
    """
    step = probe.depth / probe.samples / 10  # cm
    two_way = 2 * machine.frequency * step
    lost = np.cumsum(attenuation, 0) * np.float32(two_way)
    depth = np.arange(1, probe.samples + 1, dtype=np.float32)[:, None] * np.float32(two_way * 0.5)
    level = 10 ** ((echo - np.clip(lost - depth, -12, 60)) / 20)
    if impedance is not None:
        edge = np.abs(np.gradient(gaussian_filter1d(impedance.astype(np.float32), 1.0, axis=0), axis=0))
        level = level + 16.0 * edge * 10 ** (-np.clip(lost - depth, -12, 60) / 20)
    white = random.standard_normal((2, *level.shape), np.float32)
    speckles = (1 - speckle) + speckle * (white[0] + 1j * white[1]) / np.float32(np.sqrt(2))
    field = level * speckles
    # the pulse keeps the power of white scatterers: a blur by s leaves 1 / (2 sqrt(pi) s) of it
    sharp = _pulse(field, machine.axial, machine.lateral, speckle)
    wide = _pulse(field, machine.axial, 2 * machine.lateral, speckle)
    away = np.clip(np.abs(np.linspace(0, 1, probe.samples) - machine.focus) * 2, 0, 1)[:, None].astype(np.float32)
    envelope = np.abs(np.sqrt(1 - away) * sharp + np.sqrt(away) * wide if speckle else sharp)
    floor = heat * 10 ** (-(machine.dynamic + 4) / 20) * (1 + 2.5 * np.linspace(0, 1, probe.samples)[:, None] ** 3)
    shown = 20 * np.log10(np.hypot(envelope, floor) + 1e-6) + machine.gain
    if machine.smoothing and speckle:
        shown = gaussian_filter(shown, machine.smoothing)
    return np.clip((shown + machine.dynamic - 14) / machine.dynamic, 0, 1).astype(np.float32)


def _pulse(field: Array, axial: float, lateral: float, speckle: float) -> Array:
    blurred: Array = gaussian_filter(field, (axial, lateral))
    kept = (2 * np.pi**0.5 * axial) ** 0.5 * (2 * np.pi**0.5 * lateral) ** 0.5
    return blurred * np.float32(kept**speckle)
