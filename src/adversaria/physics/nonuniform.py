"""Magnetic resonance off the grid: spokes and spirals, by the non-uniform Fourier transform."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.physics.trajectory import Radial, Trajectory
from adversaria.vocabulary import Batch, UserError


class NonUniformFourier(Operator):
    """Fourier samples at any points of k-space, for one coil or several (Fessler and Sutton 2003).

    x (B, 1, H, W[, D]) complex or real; y (B, J, N) complex,  y_jn = sum_r s_j(r) x(r) exp(-i k_n r) / sqrt(P),  with r
    from the middle voxel, P the number of voxels, and k_n the columns of the word `trajectory` (B, dims, N) in
    radians a voxel. Without the word `coils` (B, J, *S) there is one coil and s = 1. `adjoint` is exact for the
    gridding that is used, which agrees with the sum above to about 1e-3. `size` is that of the image, which coils
    tell too. `inverse` weighs by the density of the points
    (Pipe and Menon 1999) before the adjoint, and divides by sum_j |s_j|^2. Needs the extra `nufft` (torchkbnufft).
    """

    key = "mr-nonuniform"
    points: Tensor | None = None
    maps: Tensor | None = None

    def __init__(self, trajectory: Trajectory = Radial(), size: tuple[int, ...] = (), noise: float = 0.0):
        super().__init__()
        self.trajectory, self.size, self.noise = trajectory, tuple(size), noise

    def of(self, batch: Batch) -> "NonUniformFourier":
        """Bind `trajectory`, and `coils` where the batch has them, which then tell the size of the image."""
        if "trajectory" not in batch:
            raise UserError("Non-Cartesian data came without their trajectory.", "Give the word `trajectory`.")
        found = self.bound(points=batch["trajectory"])
        if "coils" in batch:
            found = found.bound(maps=batch["coils"])
            found.size = tuple(batch["coils"].shape[2:])
        return found

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Weigh by each coil and transform."""
        seen = x if self.maps is None else x * self.maps
        like = seen if seen.is_complex() else torch.complex(seen, torch.zeros_like(seen))
        gridder = self.gridder(tuple(x.shape[2:]), like)
        return gridder.forward(like, self.at(like)) / math.sqrt(math.prod(x.shape[2:]))

    def adjoint(self, y: Tensor) -> Tensor:
        """Smear the samples back onto the grid and combine the coils."""
        size = self.known()
        images = self.gridder(size, y).back(y, self.at(y)) / math.sqrt(math.prod(size))
        return images if self.maps is None else (self.maps.conj() * images).sum(1, keepdim=True)

    def inverse(self, y: Tensor) -> Tensor:
        """Reconstruct by gridding with density compensation."""
        image = self.adjoint(y * self.density(y))
        if self.maps is None:
            return image
        total = self.maps.abs().square().sum(1, keepdim=True)
        return torch.where(total > 0, image / total.clamp_min(torch.finfo(total.dtype).tiny), 0)

    def density(self, y: Tensor) -> Tensor:
        """Give the weight of each sample (B, 1, N), so that the adjoint of weighted samples of a smooth image is it."""
        size, real = self.known(), y.real
        alone = self.bound()
        alone.maps = None
        gridding = library().calc_density_compensation_function
        weights = torch.cat([gridding(points, size, num_iterations=12) for points in self.at(y)]).abs()
        blob = real.new_ones(1)
        for side in size:
            at = torch.arange(side, device=real.device, dtype=real.dtype) - side // 2
            blob = blob[..., None] * torch.exp(-((6 * at / side) ** 2))
        blob = blob[None].expand(real.shape[0], 1, *size)
        again = alone.adjoint(alone.A(blob) * weights).real
        over = tuple(range(1, blob.ndim))
        return weights * (blob.square().sum(over) / (blob * again).sum(over)).view(-1, 1, 1)

    def acquire(self, x: Tensor, spacing: Any, random: np.random.Generator) -> Batch:
        """Give the words `measurement` and `trajectory` of images; noise as in `Fourier`, and `coils` as bound."""
        drawn = np.stack([self.trajectory(tuple(x.shape[2:]), random) for _ in range(len(x))])
        words: Batch = {"trajectory": torch.from_numpy(drawn).to(x.real)}
        words |= {} if self.maps is None else {"coils": self.maps}
        y = self.of(words).A(x)
        parts = random.standard_normal((2, *y.shape)) * (self.noise * float(x.abs().max()))
        return {**words, "measurement": y + torch.from_numpy(parts[0] + 1j * parts[1]).to(y)}

    def measure(self, x: Tensor, spacing: Any, random: np.random.Generator) -> Tensor:
        """Give the magnitude of the gridded image of a drawn acquisition."""
        words = self.acquire(x, spacing, random)
        bound = self.of(words)
        bound.size = tuple(x.shape[2:])
        return bound.inverse(words["measurement"]).abs()

    def known(self) -> tuple[int, ...]:
        """Give the size of the image, or say that nobody told it."""
        if not self.size:
            raise UserError("The size of the image is not known.", "Give `size` to NonUniformFourier, or bind `coils`.")
        return self.size

    def at(self, like: Tensor) -> Tensor:
        """Give the bound points in the precision of the data."""
        if self.points is None:
            raise UserError("No trajectory is bound.", "Call physics.of(batch) with the word `trajectory`.")
        points = self.points.to(like.device, like.real.dtype)
        if like.ndim == 3 and like.shape[-1] != points.shape[-1]:
            raise UserError(
                f"The trajectory has {points.shape[-1]} points and the data {like.shape[-1]} samples.",
                "Give the trajectory that these data were measured along.",
            )
        return points

    def gridder(self, size: tuple[int, ...], like: Tensor) -> "_Gridder":
        """Give the transform pair for images of this size, made once."""
        return _gridder(size, like.dtype, str(like.device))


class _Gridder(NamedTuple):
    forward: Any
    back: Any


@lru_cache(16)
def _gridder(size: tuple[int, ...], dtype: torch.dtype, device: str) -> _Gridder:
    pair = library().KbNufft(size, dtype=dtype), library().KbNufftAdjoint(size, dtype=dtype)
    return _Gridder(*(module.to(device) for module in pair))


def library() -> Any:
    """Give torchkbnufft, or say how to get it."""
    try:
        import torchkbnufft
    except ImportError:
        raise UserError(
            "Radial and spiral k-space need torchkbnufft, which is not installed.",
            "Install the extra: pip install 'adversaria[nufft]'.",
        ) from None
    return torchkbnufft
