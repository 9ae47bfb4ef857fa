"""Cartesian k-space as an image: coils found, masks checked, the zero-filled image made."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adversaria.data.found import KSPACE
from adversaria.data.guard import UnreadableImage, decode_raw
from adversaria.data.image import Image
from adversaria.physics import Fourier, MultiCoil, calibrated

_MAPS = ("sens", "sensitivity", "sensitivities", "coils", "maps")
_MASKS = ("mask", "pattern", "sampling")
_LEAST, _MOST = 8, 24
_MENDED = "Put maps beside it as sens.cfl (from `bart ecalib`), or as a data set sensitivity_maps."


def from_bart(values: NDArray[Any], path: Path) -> Image:
    """Make an image of a .cfl file: k-space by its name (ksp, kspace, ...), with sens.cfl and mask.cfl beside it.

    Any other .cfl file is a complex image, or several; of ESPIRiT's two maps' images the first is taken.
    """
    space = tuple(n for n in values.shape[:3] if n > 1)
    if len(space) < 2:
        raise UnreadableImage(f"{path} has the size {values.shape[:3]} in space.", "Two or three axes are read.")
    if path.stem.lower() not in KSPACE:
        array = values[..., 0].reshape(*space, -1, order="F")
        return complex_image(np.ascontiguousarray(np.moveaxis(array, -1, 0)), path)
    k = np.moveaxis(values[..., 0].reshape(*space, -1, order="F"), -1, 0)
    beside = {"coils": _beside(path, _MAPS), "mask": _beside(path, _MASKS)}
    found = {}
    for word, place in beside.items():
        if place is not None:
            array = decode_raw(place)[0]["values"][..., 0]
            found[word] = np.moveaxis(array.reshape(*(n for n in array.shape[:3] if n > 1), -1, order="F"), -1, 0)
    return one(k[None], found.get("coils"), found.get("mask"), path, sliced=False)


def from_fastmri(parts: dict[str, NDArray[Any]], facts: dict[str, Any], path: Path) -> Image:
    """Make a volume of slices (1, rows, columns, slices) of fastMRI's k-space (slices, [coils,] rows, columns)."""
    k = parts["kspace"]
    k = k[:, None] if k.ndim == 3 else k
    maps = parts.get("coils")
    maps = maps[:, None] if maps is not None and maps.ndim == 3 else maps
    image = one(k, maps, parts.get("mask"), path, sliced=True)
    spacing: tuple[float, ...] = ()
    if "matrix" in facts and "fov_mm" in facts and min(facts["matrix"]) > 0:
        spacing = tuple(f / n for f, n in zip(facts["fov_mm"], facts["matrix"], strict=True))
    raw, warnings = dict(image.raw), image.warnings
    if "image" in parts:
        theirs = np.moveaxis(parts["image"], 0, -1)[None]
        if theirs.shape[1:] == image.array.shape[1:]:
            raw["reference"] = theirs
        else:
            size = "x".join(map(str, theirs.shape[1:3]))
            warnings += (f"its own reconstruction of {size} is cropped and left aside",)
    return Image(image.array, None, spacing, image.unit, "complex64", image.facts, warnings, (path,), raw)


def one(k: NDArray[Any], maps: NDArray[Any] | None, mask: NDArray[Any] | None, path: Path, sliced: bool) -> Image:
    """Reconstruct k-space (N, coils, *S): find what is missing, check what is there, combine the coils."""
    measured = np.any(k != 0, axis=(0, 1))
    if not measured.any():
        raise UnreadableImage(f"{path} holds k-space that is zero everywhere.", "Export it again.")
    sampling = measured if mask is None else stated(mask, measured, path)
    warnings: tuple[str, ...] = ()
    words = {"measurement": torch.from_numpy(np.ascontiguousarray(k, np.complex64))}
    words["sampling"] = torch.from_numpy(sampling.astype(np.float32))[None, None].repeat(len(k), *[1] * k[0].ndim)
    physics: Fourier = Fourier()
    if k.shape[1] > 1:
        if maps is None:
            words["coils"] = calibrated(words["measurement"], centre(sampling, path))
            warnings = (
                f"it has no coil maps: those of its {k.shape[1]} coils are estimated from the middle of k-space",
            )
        else:
            words["coils"] = torch.from_numpy(fitting(maps, k, path))
        physics = MultiCoil()
    image = physics.of(words).inverse(words["measurement"])
    raw = {word: arranged(tensor, sliced) for word, tensor in {**words, "complex": image}.items()}
    facts = {"modality": "MR", "sampled": float(sampling.mean())}
    shown = np.abs(raw["complex"]).astype(np.float32)
    return Image(shown, None, (1.0,) * (shown.ndim - 1), "arbitrary", "complex64", facts, warnings, (path,), raw)


def arranged(tensor: Tensor, sliced: bool) -> NDArray[Any]:
    """Lay slices along the last axis, or give the one volume."""
    return np.ascontiguousarray((tensor.movedim(0, -1) if sliced else tensor[0]).numpy())


def stated(mask: NDArray[Any], measured: NDArray[np.bool_], path: Path) -> NDArray[np.bool_]:
    """Bring a mask to the shape of k-space, or refuse one that is of another or denies what was measured."""
    plain = np.squeeze(mask)
    if plain.ndim == 1 and plain.shape == measured.shape[-1:]:
        plain = np.broadcast_to(plain, measured.shape)
    if plain.shape != measured.shape:
        sizes = ["x".join(map(str, shape)) for shape in (plain.shape, measured.shape)]
        raise UnreadableImage(
            f"{path}: its sampling mask is {sizes[0]} and its k-space {sizes[1]}.",
            "Give a mask of the same shape, or none: it is then where k-space is not zero.",
        )
    kept = np.abs(plain) > 0
    beside = int((measured & ~kept).sum())
    if beside:
        raise UnreadableImage(
            f"{path} holds {beside} samples where its mask says that there are none.",
            "The mask belongs to other data, or is not centred; leave it out, and it is found from k-space.",
        )
    return kept


def fitting(maps: NDArray[Any], k: NDArray[Any], path: Path) -> NDArray[np.complex64]:
    """Give coil maps (N, coils, *S), or refuse those of other data."""
    maps = maps if maps.ndim == k.ndim else maps[None]
    if maps.shape != k.shape:
        sizes = ["x".join(map(str, array.shape[1:])) for array in (maps, k)]
        raise UnreadableImage(f"{path}: its coil maps are {sizes[0]} and its k-space {sizes[1]}.", _MENDED)
    return np.ascontiguousarray(maps, np.complex64)


def centre(sampling: NDArray[np.bool_], path: Path) -> int:
    """Say how many lines in the middle are sampled along every axis; too few to estimate maps from are refused."""
    kept = 0
    for lines in range(2, _MOST + 1, 2):
        box = tuple(
            slice(n // 2 - min(lines, n) // 2, n // 2 - min(lines, n) // 2 + min(lines, n)) for n in sampling.shape
        )
        if not sampling[box].all():
            break
        kept = lines
    if kept < min(_LEAST, *sampling.shape):
        raise UnreadableImage(
            f"{path} has several coils but no coil maps, and the middle of its k-space, {kept} lines, is too small to "
            "estimate them from.",
            _MENDED,
        )
    return kept


def complex_image(array: NDArray[Any], path: Path) -> Image:
    """A complex image (C, *S): its magnitude, and itself as `complex`."""
    shown = np.abs(array).astype(np.float32)
    return Image(
        shown,
        None,
        (1.0,) * (shown.ndim - 1),
        "arbitrary",
        "complex64",
        {"modality": "MR"},
        (),
        (path,),
        {"complex": array},
    )


def _beside(path: Path, names: tuple[str, ...]) -> Path | None:
    return next((place for name in names if (place := path.with_name(f"{name}.cfl")).is_file()), None)
