"""Classical restorations, without learning: what a work's output stands beside."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import convolve, gaussian_filter
from scipy.ndimage import shift as moved

from adversaria.classical.bicubic import Bicubic
from adversaria.classical.non_local_means import NonLocalMeans
from adversaria.classical.sart import SART
from adversaria.physics import ParallelBeam
from adversaria.physics.dose import WATER

Array = NDArray[np.float32]
Classical = Callable[[Array, Array, float], Array]
_LAPLACIAN = np.array([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]])


def noise_of(plane: Array) -> float:
    """Deviation of white noise by a difference of Laplacians (Immerkaer 1996)."""
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(convolve(plane, _LAPLACIAN)[1:-1, 1:-1]).mean())


def denoised(image: Array, truth: Array, spacing: float) -> Array:
    """Non-local means, as strong as 0.8 of the noise that the image itself shows; volumes slice by slice."""
    if image.ndim == 4:
        return np.stack([denoised(image[..., k], truth, spacing) for k in range(image.shape[-1])], -1)
    strength = max(0.8 * noise_of(image[0]), 1e-6)
    return np.asarray(NonLocalMeans(strength)(torch.from_numpy(image)[None])[0], np.float32)


def enlarged(image: Array, truth: Array, spacing: float) -> Array:
    """Cubic convolution from the small image to the size of the truth, voxels keeping their extent."""
    return np.asarray(Bicubic(truth.shape[1] // image.shape[1])(torch.from_numpy(image)[None])[0], np.float32)


def unblocked(image: Array, truth: Array, spacing: float) -> Array:
    """Non-local means of the 2x2 blocks of an image that repeats them, enlarged."""
    return enlarged(denoised(np.ascontiguousarray(image[:, ::2, ::2]), truth, spacing), truth, spacing)


def kept(image: Array, truth: Array, spacing: float) -> Array:
    """Decimated images enlarged: the first voxel of each block is where the sample lies."""
    by = (0.0, *[-(truth.shape[1] // image.shape[1] - 1) / 2] * (image.ndim - 1))
    return np.asarray(moved(enlarged(image, truth, spacing), by, order=1, mode="nearest"), np.float32)


def iterated(views: int) -> Classical:
    """Give SART from the projections of the truth at so many views."""

    def restored(image: Array, truth: Array, spacing: float) -> Array:
        beam = ParallelBeam(truth.shape[-1], views, spacing=spacing)
        seen = beam.A(WATER * (1 + torch.from_numpy(truth).clamp_min(-1000)[None] / 1000))
        return np.asarray((SART()(seen, beam)[0] / WATER - 1) * 1000, np.float32)

    return restored


def bridged(image: Array, truth: Array, spacing: float) -> Array:
    """Linear interpolation of the metal's trace (Kalender et al. 1987): what an image above 2900 HU covers."""
    side = image.shape[-1]
    beam = ParallelBeam(side, 200, spacing=spacing)
    tensor = torch.from_numpy(image)[None]
    lines = beam.A(WATER * (1 + tensor.clamp_min(-1000) / 1000))[0, 0].numpy()
    trace = beam.A((tensor > 2900).float())[0, 0].numpy() > 1e-4
    for view, covered in zip(lines, trace, strict=True):
        if covered.any() and not covered.all():
            view[covered] = np.interp(np.flatnonzero(covered), np.flatnonzero(~covered), view[~covered])
    made = beam.inverse(torch.from_numpy(lines)[None, None])[0].numpy() * (1000 / WATER) - 1000
    place = np.arange(side) - (side - 1) / 2
    seen = place[:, None] ** 2 + place[None] ** 2 <= (side / 2) ** 2
    return np.where(seen[None], made, image).astype(np.float32)


def smoothed(image: Array, truth: Array, spacing: float) -> Array:
    """The clinic's Gaussian of 6 mm (full width at half maximum)."""
    sigma = 6 / 2.355 / spacing
    return np.asarray(gaussian_filter(image, (0, *[sigma] * (image.ndim - 1))), np.float32)


def inpainted(image: Array, truth: Array, spacing: float) -> Array:
    """Biharmonic inpainting (scikit-image) of where an image is 0 in a box, but for rounding."""
    from scipy.ndimage import binary_opening
    from skimage.restoration import inpaint_biharmonic

    hole = binary_opening(np.abs(image[0]) < 1e-3, np.ones((9, 9)))
    return np.asarray(inpaint_biharmonic(image[0], hole), np.float32)[None]


def named(name: str) -> Classical:
    """Give a restoration by its name; `iterated 30` has 30 views."""
    first, _, views = name.partition(" ")
    found: Classical = iterated(int(views)) if views else globals()[first]
    return found
