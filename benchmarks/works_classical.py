"""Classical restorations, without learning: what a work's output stands beside."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from adversaria.physics import ParallelBeam
from adversaria.physics.dose import WATER

Array = NDArray[np.float32]
Classical = Callable[[Array, Array, float], Array]


def denoised(image: Array, truth: Array, spacing: float) -> Array:
    """Non-local means (scikit-image) with the noise estimated from the image; volumes slice by slice."""
    from skimage.restoration import denoise_nl_means, estimate_sigma

    if image.ndim == 4:
        return np.stack([denoised(image[..., k], truth, spacing) for k in range(image.shape[-1])], -1)
    sigma = float(np.mean(estimate_sigma(image[0])))
    made = denoise_nl_means(image[0], patch_size=5, patch_distance=6, h=0.8 * sigma, sigma=sigma, fast_mode=True)
    return np.asarray(made, np.float32)[None]


def enlarged(image: Array, truth: Array, spacing: float) -> Array:
    """Cubic splines from the small image to the size of the truth, voxel middles kept in place."""
    factors = [b / s for b, s in zip(truth.shape[1:], image.shape[1:], strict=True)]
    return np.stack([zoom(channel, factors, order=3, mode="nearest", grid_mode=True) for channel in image]).astype(
        np.float32
    )


def unblocked(image: Array, truth: Array, spacing: float) -> Array:
    """Cubic splines through the means of 2x2 blocks of an image that repeats them, after non-local means."""
    small = image[:, ::2, ::2]
    return enlarged(denoised(small, truth, spacing), truth, spacing)


def kept(image: Array, truth: Array, spacing: float) -> Array:
    """Decimated images enlarged: the first voxel of each block is where the sample lies."""
    factor = truth.shape[1] // image.shape[1]
    larger = enlarged(image, truth, spacing)
    shift = (factor - 1) / 2
    from scipy.ndimage import shift as moved

    by = (0.0, *[-shift] * (image.ndim - 1))
    return np.asarray(moved(larger, by, order=1, mode="nearest"), np.float32)


def iterated(views: int, rounds: int = 60) -> Classical:
    """Give SIRT with air outside, from the projections of the truth at so many views."""

    def restored(image: Array, truth: Array, spacing: float) -> Array:
        if truth.ndim == 4:
            return np.stack([restored(image, truth[..., k], spacing) for k in range(truth.shape[-1])], -1)
        beam = ParallelBeam(truth.shape[-1], views, spacing=spacing)
        seen = beam.A(WATER * (1 + torch.from_numpy(truth).clamp_min(-1000)[None] / 1000))
        rows, columns = beam.A(torch.ones(1, 1, *truth.shape[1:])), beam.adjoint(torch.ones_like(seen))
        made = torch.zeros(1, 1, *truth.shape[1:])
        for _ in range(rounds):
            wrong = (seen - beam.A(made)) / rows.clamp_min(1e-3)
            made = (made + 1.6 * beam.adjoint(wrong) / columns.clamp_min(1e-3)).clamp_min(0)
        return np.asarray((made[0] / WATER - 1) * 1000, np.float32)

    return restored


def bridged(image: Array, truth: Array, spacing: float) -> Array:
    """Linear interpolation of the metal's trace (Kalender et al. 1987): what an image above 2900 HU covers."""
    side = image.shape[-1]
    beam = ParallelBeam(side, 200, spacing=spacing)
    tensor = torch.from_numpy(image)[None]
    metal = (tensor > 2900).float()
    lines = beam.A(WATER * (1 + tensor.clamp_min(-1000) / 1000))[0, 0].numpy()
    trace = beam.A(metal)[0, 0].numpy() > 1e-4
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
    return np.asarray(gaussian_filter(image, (0, sigma, sigma)), np.float32)


def inpainted(image: Array, mask: Array) -> Array:
    """Biharmonic inpainting (scikit-image) of a hole."""
    from skimage.restoration import inpaint_biharmonic

    return np.asarray(inpaint_biharmonic(image[0], mask[0] > 0), np.float32)[None]


def named(name: str) -> Classical:
    """Give a restoration by its name; `iterated 30` has 30 views."""
    first, _, views = name.partition(" ")
    found: Classical = iterated(int(views)) if views else globals()[first]
    return found
