"""Reading one image: a NIfTI, a picture, a DICOM file, a folder with one DICOM series, or a file of raw data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.found import Source
from adversaria.data.guard import UnreadableImage, decode
from adversaria.data.image import Image
from adversaria.data.raw import is_raw, read_raw


def read_image(path: Path, require_volume: bool = False, allow_nonfinite: bool = False) -> Image:
    """Read an image in physical units, or raise UnreadableImage naming the file, the reason and the remedy.

    With `require_volume`, unequal slice steps, a tilted gantry, a single slice and stacks without
    positions are refused; else they are reported in the image's warnings.
    """
    if is_raw(Path(path)):
        return read_raw(Path(path))
    array, facts, warnings = decode(Path(path))
    assert array is not None
    if not allow_nonfinite and not np.isfinite(array).all():
        count = int(array.size - np.isfinite(array).sum())
        raise UnreadableImage(
            f"{path} cannot be read: {count} of its voxels are not numbers.",
            "Replace them, or leave the image out.",
        )
    if require_volume:
        _refuse_no_volume(Path(path), array.shape, facts, warnings)
    affine = facts.pop("affine")
    return Image(
        array=array,
        affine=None if affine is None else np.asarray(affine, np.float64),
        spacing=tuple(facts.pop("spacing"))[: array.ndim - 1],
        unit=facts.pop("unit"),
        dtype=facts.pop("dtype"),
        facts=facts,
        warnings=tuple(warnings),
        source=_files(Path(path), facts),
    )


def read_source(source: Source, require_volume: bool = False) -> Image:
    """Read what a recognised source holds; parts, one mask an object, become one map: 1 where any object is."""
    if not source.parts:
        return read_image(source.path, require_volume)
    first, *others = (read_image(path, require_volume) for path in source.parts)
    inside = first.array.max(0, keepdims=True) > 0
    for other, path in zip(others, source.parts[1:], strict=True):
        if other.array.shape[1:] != inside.shape[1:]:
            raise UnreadableImage(f"{path} differs in size from the other masks beside it.", "Mend or remove it.")
        inside |= other.array.max(0, keepdims=True) > 0
    return replace(first.like(inside), unit="labels", source=source.parts, warnings=())


def peek(path: Path) -> dict[str, Any]:
    """What the header says, without the pixels where they can be left alone."""
    _, facts, warnings = decode(Path(path), pixels=False)
    return {**facts, "warnings": warnings}


def _files(path: Path, facts: dict[str, Any]) -> tuple[Path, ...]:
    return tuple(path / name for name in facts.pop("files", [])) if path.is_dir() else (path,)


def _refuse_no_volume(path: Path, shape: tuple[int, ...], facts: dict[str, Any], warnings: list[str]) -> None:
    # a segmentation object that found something in one slice is put on the grid of its series
    if len(shape) == 3 or (shape[-1] < 2 and facts.get("modality") != "SEG"):
        raise UnreadableImage(f"{path} is a single slice; a 3D game needs a volume.", "Use a 2D recipe.")
    if facts.get("irregular"):
        raise UnreadableImage(
            f"{path} is not an even volume: {'; '.join(warnings)}.",
            "Resample it to even, straight slices first (for example with dcm2niix), or use a 2D recipe.",
        )
