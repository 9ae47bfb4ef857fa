"""A segmentation object on the grid of the image that it belongs to."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from adversaria.data.image import Image

_SAME = 0.01  # of a voxel


def on_grids(images: Mapping[str, Image]) -> dict[str, Image]:
    """Bring the segmentation objects of a case to the grid of its first other image, where slices are all they lack.

    An object keeps only the slices in which it found something; the others are background. Nothing is resampled: one
    whose voxels lie between those of the image, or outside of it, is left as it is.
    """
    others = [image for image in images.values() if image.facts.get("modality") != "SEG"]
    if not others:
        return dict(images)
    return {w: _on(image, others[0]) if image.facts.get("modality") == "SEG" else image for w, image in images.items()}


def _on(labels: Image, image: Image) -> Image:
    if labels.affine is None or image.affine is None or labels.array.shape[1:3] != image.array.shape[1:3]:
        return labels
    size = (*image.array.shape[1:], 1)[:3]
    among = np.linalg.solve(image.affine, labels.affine)
    first = round(float(among[2, 3]))
    aligned = np.eye(4)
    aligned[2, 3] = first
    last = first + labels.array.shape[3] - 1
    # how far the last voxel along each axis is off; a lone slice has no step
    off = np.abs(among - aligned) * [*(side - 1 for side in labels.array.shape[1:]), 1]
    if off.max() > _SAME or first < 0 or last >= size[2] or image.facts.get("steps_mm") is not None:
        return labels
    array = np.zeros((1, *size), np.float32)
    array[..., first : last + 1] = labels.array
    return replace(
        labels,
        array=array.reshape(1, *image.array.shape[1:]),
        affine=image.affine,
        spacing=image.spacing,
    )
