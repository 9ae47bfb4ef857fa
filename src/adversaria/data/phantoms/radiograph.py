"""From a CT to a film: attenuation along parallel rays, scatter, photons, a grey scale."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[Any]

# attenuation of water, and of each HU beyond 100, in 1/mm
_WATER, _BONE = 0.0185, 4.4e-5


class Site(NamedTuple):
    """A hospital's films: photons a pixel of 2 mm where the film is mean, grey scale, scatter, unsharp mask."""

    photons: float
    gamma: float
    scatter: float
    sharp: float


SITES = {"a": Site(2500.0, 1.0, 0.30, 0.0), "b": Site(800.0, 0.8, 0.45, 0.5)}


def film(
    hu: Array, along: int, step: float, spacing: float, site: Site, exposure: float, random: np.random.Generator
) -> Array:
    """A film (0 to 1, bone bright; the two other axes of `hu`) of rays along one axis, `step` mm a voxel.

    The exposure is chosen so that the film's middle catches the site's photons; `exposure` 0 gives no noise.
    """
    water = np.clip(hu / 1000 + 1, 0, 1.06).sum(along) * np.float32(step * _WATER)
    bone = np.clip(hu - 100, 0, None).sum(along) * np.float32(step * _BONE)
    through = np.exp(-(water + bone))
    through = (1 - site.scatter) * through + site.scatter * gaussian_filter(through, 17 / spacing)
    middle = float(np.median(through[through < 0.6])) if (through < 0.6).any() else 1.0
    if exposure:
        caught = site.photons * exposure * (spacing / 2) ** 2 / middle
        through = through + np.sqrt(through / caught) * random.standard_normal(through.shape, np.float32)
    density = -np.log(np.maximum(through, 0.02 * middle))
    if site.sharp:
        density = density + site.sharp * (density - gaussian_filter(density, 6 / spacing))
    grey = np.clip((density + np.log(middle) + 2.1) / 3.6, 0, 1)
    return (grey**site.gamma).astype(np.float32)
