"""Imaging through a bundle of optical fibres."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree
from torch import Tensor

from adversaria.draws import stream
from adversaria.physics.operator import Operator


class FibreBundle(Operator):
    """Endomicroscopy: each fibre sees the mean over its Voronoi cell (Ravi et al. 2018; Le Goualher et al. 2004).

    x (B, C, H, W) of the side `size` gives (B, C, fibres). Fibres stand on a hexagonal lattice of `pitch` pixels, each
    displaced by a normal distribution of `jitter` pitches, drawn once from `seed`. `inverse` interpolates linearly
    on the Delaunay triangles of the fibres, by the nearest fibre outside them. `measure` adds shot noise:
    `photons` are counted by the mean fibre where the image is at its largest, and each fibre's transmission, from
    a normal distribution of `spread` about 1, is divided out after counting. Images must not be negative there.
    """

    key = "fibre-bundle"
    cell: Tensor
    size_of: Tensor
    corner: Tensor
    share: Tensor
    gain: Tensor

    def __init__(
        self,
        size: int | tuple[int, int] = 256,
        pitch: float = 3.3,
        jitter: float = 0.12,
        photons: float = 1000.0,
        spread: float = 0.25,
        seed: int = 0,
    ):
        super().__init__()
        self.shape = (size, size) if isinstance(size, int) else tuple(size)
        self.pitch, self.jitter, self.photons, self.spread, self.seed = pitch, jitter, photons, spread, seed
        random = stream("fibres", *self.shape, str(pitch), str(jitter), seed)
        at = lattice(self.shape, pitch, jitter, random)
        rows, columns = np.indices(self.shape)
        pixels = np.stack([rows.ravel(), columns.ravel()], -1)
        nearest = cKDTree(at).query(pixels)[1]
        kept, cell, count = np.unique(nearest, return_inverse=True, return_counts=True)
        corner, share = triangles(at[kept], pixels, cell)
        gain = np.maximum(1 + spread * random.standard_normal(len(kept)), 0.1)
        for name, value in (("cell", cell), ("size_of", count), ("corner", corner), ("share", share), ("gain", gain)):
            self.register_buffer(name, torch.from_numpy(value), persistent=False)

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Average each fibre's cell."""
        if tuple(x.shape[2:]) != self.shape:
            raise ValueError(f"the image is {tuple(x.shape[2:])}, the bundle {self.shape}")
        sums = x.new_zeros(*x.shape[:2], len(self.size_of))
        return sums.index_add(2, self.cell, x.flatten(2)) / self.size_of.to(x.dtype)

    def adjoint(self, y: Tensor) -> Tensor:
        """Spread each fibre's value evenly over its cell."""
        return (y / self.size_of.to(y.dtype))[..., self.cell].unflatten(2, self.shape)

    def inverse(self, y: Tensor) -> Tensor:
        """Interpolate between fibres."""
        return (y[..., self.corner] * self.share.to(y.dtype)).sum(-1).unflatten(2, self.shape)

    def measure(self, x: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Count photons in each fibre and interpolate the image; a bundle of the image's size is used."""
        if tuple(x.shape[2:]) != self.shape:
            size = (x.shape[2], x.shape[3])
            other = FibreBundle(size, self.pitch, self.jitter, self.photons, self.spread, self.seed)
            return other.measure(x, spacing, random)
        if float(x.min()) < 0:
            raise ValueError("an image seen through fibres holds light, which is not negative")
        top = float(x.max()) or 1.0
        full = self.gain.numpy() * self.photons / top
        counted = random.poisson(self.A(x).double().numpy() * full) / full
        return self.inverse(torch.from_numpy(counted).to(x))


def lattice(shape: tuple[int, ...], pitch: float, jitter: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Give fibre positions (row, column): a hexagonal lattice over the image and one pitch around it, displaced."""
    high = pitch * np.sqrt(3) / 2
    rows = np.arange(-1, int(shape[0] / high) + 2)
    columns = np.arange(-1, int(shape[1] / pitch) + 2)
    row, column = np.meshgrid(rows, columns, indexing="ij")
    at = np.stack([row * high, (column + 0.5 * (row % 2)) * pitch], -1).reshape(-1, 2)
    return np.asarray(at + jitter * pitch * random.standard_normal(at.shape))


def triangles(
    at: NDArray[np.float64], pixels: NDArray[np.int64], cell: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the three fibres around each pixel and their barycentric shares; its own fibre outside all triangles."""
    mesh = Delaunay(at)
    found = mesh.find_simplex(pixels)
    affine = mesh.transform[found]
    part = np.einsum("nij,nj->ni", affine[:, :2], pixels - affine[:, 2])
    share = np.concatenate([part, 1 - part.sum(1, keepdims=True)], 1)
    outside = found < 0
    corner = np.where(outside[:, None], cell[:, None], mesh.simplices[found]).astype(np.int64)
    return corner, np.where(outside[:, None], [1.0, 0.0, 0.0], share)
