"""An image in memory: its values in physical units, and where it lies in space."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.vocabulary import UserError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Image:
    """Values (C, *S), channel first, in `unit`, with the affine to RAS millimetres where one is known.

    A case's numbers travel the same way: its label has no axis, its code or tokens have one (N,).

    A 2D image is (C, rows, columns). A NIfTI volume keeps its file's voxel order (C, X, Y, Z); a DICOM
    series is (C, rows, columns, slices), slices ordered along their normal. `spacing` is mm along each
    spatial axis. `facts` hold what is known of the acquisition and nothing that identifies; `warnings`
    what the user should know; `source` the files, private. `raw` is what an image was reconstructed from, under
    the batch's words and names of complex images, (C, ...), with a volume that was taken slice by slice (C, ..., N).
    """

    array: Array
    affine: NDArray[np.float64] | None = None
    spacing: tuple[float, ...] = ()
    unit: str = "arbitrary"
    dtype: str = "float32"
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    source: tuple[Path, ...] = ()
    raw: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def axes(self) -> str:
        """Where the spatial axes run, for example "RAS"; empty where no place in space is known."""
        return axes_of(self.affine) if self.affine is not None else ""

    def like(self, array: Array, unit: str | None = None) -> "Image":
        """Give other values in the same place."""
        return replace(self, array=np.asarray(array, np.float32), unit=unit or self.unit, raw={})

    def resampled(self, array: Array, unit: str | None = None) -> "Image":
        """Give values of the same place on a finer or coarser grid: voxels change their size, the extent stays."""
        ratios = [old / new for old, new in zip(self.array.shape[1:], array.shape[1:], strict=True)]
        if all(ratio == 1 for ratio in ratios):
            return self.like(array, unit)
        affine = self.affine
        if affine is not None:
            # columns of a 2D image (rows, columns) are the first two axes of space
            across = ratios + [1.0] * (3 - len(ratios))
            shift = affine[:3, :3] @ np.array([(ratio - 1) / 2 for ratio in across])
            affine = affine.copy()
            affine[:3, 3] += shift
            affine[:3, :3] *= across
        spacing = tuple(s * r for s, r in zip(self.spacing, ratios, strict=False))
        return replace(
            self, array=np.asarray(array, np.float32), unit=unit or self.unit, affine=affine, spacing=spacing, raw={}
        )

    def block(self, slices: range) -> "Image":
        """Give a block of slices along the last axis, at its own place in space."""
        if self.array.ndim != 4:
            return self
        affine = self.affine
        if affine is not None:
            affine = affine.copy()
            affine[:3, 3] += slices.start * affine[:3, 2]
        # numbers (M,) are those of every slice
        raw = {w: a[..., slices.start : slices.stop] if a.ndim > 1 else a for w, a in self.raw.items()}
        return replace(self, array=self.array[..., slices.start : slices.stop], affine=affine, raw=raw)


def blocks(images: Mapping[str, Image], slices: range) -> dict[str, Image]:
    """Give a block of slices of every image of a case; those with fewer, thicker slices the same place."""
    own = shared(slices, {word: image.array.shape[-1] for word, image in images.items() if image.array.ndim == 4})
    return {word: image.block(own[word]) if word in own else image for word, image in images.items()}


def shared(slices: range, counts: Mapping[str, int]) -> dict[str, range]:
    """The slices of each word in a block of the finest one's, which is cut to what all have whole slices of.

    A word of a quarter as many slices, as super-resolution has it, is given a quarter of the block.
    """
    most = max(counts.values(), default=0)
    uneven = [word for word, count in counts.items() if most % count]
    if uneven:
        raise UserError(
            f"'{uneven[0]}' has {counts[uneven[0]]} slices beside {most}: they have no block in common.",
            "Bring images whose slices are whole multiples of each other's.",
        )
    thick = {word: most // count for word, count in counts.items()}
    step = math.lcm(*thick.values())
    start, stop = -(-slices.start // step) * step, slices.stop // step * step
    if start >= stop:
        raise UserError(
            f"a block of {len(slices)} slices holds no whole one of {step} together.",
            "Bring more subjects or more slices.",
        )
    return {word: range(start // each, stop // each) for word, each in thick.items()}


def apart(first: Image, second: Image) -> float:
    """How far (mm) voxels of one index lie from each other in two images of one size; 0 where a place is unknown."""
    if first.affine is None or second.affine is None:
        return 0.0
    return float(np.linalg.norm(_places(first) - _places(second), axis=1).max())


def _places(image: Image) -> NDArray[np.float64]:
    """Where the corners lie (RAS, mm), or those of every slice where the steps between slices differ."""
    assert image.affine is not None
    size = (*image.array.shape[1:], 1)[:3]
    steps = image.facts.get("steps_mm")
    along = [0.0, size[2] - 1.0] if steps is None else np.cumsum([0.0, *steps]) / image.spacing[2]
    corners = np.array([(i, j, k, 1) for i in (0, size[0] - 1) for j in (0, size[1] - 1) for k in along], np.float64)
    return (corners @ image.affine.T)[:, :3]


def axes_of(affine: NDArray[np.float64]) -> str:
    """The anatomical direction that each voxel axis runs closest to, as letters of RAS and LPI."""
    from nibabel.orientations import aff2axcodes

    return "".join(code or "?" for code in aff2axcodes(affine))


def affine_of(axes: str, spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """An affine to RAS millimetres, its origin at the first voxel, for axes that run as the letters say."""
    affine = np.zeros((4, 4))
    for column, letter in enumerate(axes[:3]):
        pair = next(i for i, letters in enumerate(("RL", "AP", "SI")) if letter in letters)
        step = spacing[column] if column < len(spacing) else 1.0
        affine[pair, column] = step if letter in "RAS" else -step
    affine[3, 3] = 1
    return affine
