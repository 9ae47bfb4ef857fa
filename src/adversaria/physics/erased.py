"""An image with a hole."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.vocabulary import Batch


class Erased(Operator):
    """An image in which a box is erased: y = (1 - m) x, m being 1 in a box of `side` voxels (as Armanious et al. 2018).

    The word `mask` (B, 1, *S) is m. `acquire` draws a place for each case whose middle lies in the middle `share` of
    every axis, and gives `measurement`, which is the image with the hole, and `mask`. Erased voxels are 0, which is
    the background of MR and water in CT. The image must be larger than the box.
    """

    key = "erased"
    mask: Tensor | None = None

    def __init__(self, side: int = 64, share: float = 0.3):
        super().__init__()
        if side < 1 or not 0 <= share <= 1:
            raise ValueError(f"a hole of {side} voxels within a share of {share} cannot be made")
        self.side, self.share = side, share

    def of(self, batch: Batch) -> "Erased":
        """Bind `mask`."""
        return self.bound(mask=batch["mask"]) if "mask" in batch else self

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Erase."""
        return x if self.mask is None else x * (1 - self.mask)

    def adjoint(self, y: Tensor) -> Tensor:
        """The same: it is a projection."""
        return self.A(y)

    def inverse(self, y: Tensor) -> Tensor:
        """Leave the hole."""
        return y

    def acquire(self, x: Tensor, spacing: Any, random: np.random.Generator) -> Batch:
        """Draw a place and give the words `measurement` and `mask`."""
        if min(x.shape[2:]) <= self.side:
            raise ValueError(f"a hole of {self.side} voxels does not fit an image of {tuple(x.shape[2:])}")
        mask = torch.zeros(len(x), 1, *x.shape[2:], dtype=x.dtype)
        for case in range(len(x)):
            middles = [size * (0.5 + self.share * (random.uniform() - 0.5)) for size in x.shape[2:]]
            first = [
                min(max(round(m - self.side / 2), 0), size - self.side)
                for m, size in zip(middles, x.shape[2:], strict=True)
            ]
            where: Any = tuple(slice(f, f + self.side) for f in first)
            mask[case, 0][where] = 1
        return {"measurement": self.of({"mask": mask}).A(x), "mask": mask}

    def measure(self, x: Tensor, spacing: Any, random: np.random.Generator) -> Tensor:
        """Give the image with a hole at a drawn place."""
        return self.acquire(x, spacing, random)["measurement"]
