"""Sinograms as images: geometry checked, frames corrected, the axis found, filtered back-projection made."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from adversaria.data.geometry import Geometry, read_geometry, refuse_unlike, sidecar
from adversaria.data.guard import UnreadableImage
from adversaria.data.image import Image
from adversaria.physics import FanBeam, ParallelBeam, line_integrals, rotation_axis, shift_of
from adversaria.physics.beam import Beam
from adversaria.physics.dose import WATER
from adversaria.vocabulary import UserError

_APART = 2.0  # detector elements between a stated and a found axis that are believed to be one


def from_sinogram(values: NDArray[Any], path: Path, warnings: list[str]) -> Image:
    """Make an image of line integrals (views, detectors[, slices]) and the geometry file beside them."""
    place = sidecar(path)
    if not place.is_file():
        raise UnreadableImage(
            f"{path} has no geometry: {place.name} is missing.",
            'Write it beside the sinogram, for example {"views": 180, "span": 180, "element": 1.0}.',
        )
    if values.ndim not in (2, 3):
        raise UnreadableImage(f"{path} has {values.ndim} axes.", "A sinogram has views, detector elements, and slices.")
    geometry = read_geometry(place)
    refuse_unlike(geometry, values.shape[0], values.shape[1], path)
    return reconstructed(np.asarray(values, np.float32), geometry, path, tuple(warnings))


def from_exchange(parts: dict[str, NDArray[Any]], facts: dict[str, Any], path: Path) -> Image:
    """Make an image of a tomography file: counts (views, rows, columns) with flat and dark frames, and angles."""
    counts = parts["data"]
    place = sidecar(path)
    if place.is_file():
        geometry = read_geometry(place)
    elif "theta" in parts:
        turn = 1.0 if "deg" in facts["angles_in"].lower() else math.degrees(1)
        geometry = Geometry(angles=tuple((parts["theta"].astype(np.float64) * turn).tolist()))
    else:
        raise UnreadableImage(f"{path} states no angles.", f"Store exchange/theta, or write {place.name} beside it.")
    refuse_unlike(geometry, counts.shape[0], counts.shape[2], path)
    for name in ("white", "dark"):
        if name not in parts:
            raise UnreadableImage(f"{path} has no {name} frames.", f"Store them as exchange/data_{name}.")
        if parts[name].shape[1:] != counts.shape[1:]:
            sizes = ["x".join(map(str, array.shape[1:])) for array in (parts[name], counts)]
            raise UnreadableImage(
                f"{path}: its {name} frames are {sizes[0]} and its views {sizes[1]}.", "Mend the export."
            )
    data, white, dark = (
        torch.from_numpy(np.ascontiguousarray(np.moveaxis(parts[n], 1, 0))) for n in ("data", "white", "dark")
    )
    try:
        lines = line_integrals(data, white, dark)
    except UserError as error:
        raise UnreadableImage(f"{path}: {error.message}", error.remedy) from None
    return reconstructed(lines.movedim(0, -1).numpy(), geometry, path, ())


def reconstructed(sinogram: NDArray[np.float32], geometry: Geometry, path: Path, warnings: tuple[str, ...]) -> Image:
    """Reconstruct (views, detectors[, slices]) by filtered back-projection, in 1/cm, or in HU if water is stated.

    For HU the sinogram is brought to the attenuation that operators take water to have.
    """
    if geometry.water is not None:
        sinogram = sinogram * np.float32(WATER / geometry.water)
    volume = sinogram[..., None] if sinogram.ndim == 2 else sinogram
    stack = torch.from_numpy(np.ascontiguousarray(np.moveaxis(volume, -1, 0)))[:, None]
    axis, told = axis_of(stack, geometry, path)
    beam = beam_of(geometry, axis, volume.shape[1])
    try:
        image = np.moveaxis(beam.inverse(stack).numpy(), 0, -1)
    except ValueError as error:
        raise UnreadableImage(f"{path} cannot be reconstructed: {error}.", "Mend its geometry.") from None
    unit = "1/cm"
    if geometry.water is not None:
        image, unit = (image - WATER) * np.float32(1000 / WATER), "HU"
    flat = sinogram.ndim == 2
    raw = {"measurement": volume[None], "angles": beam.angles.numpy().astype(np.float32)}
    if flat:
        image, raw["measurement"] = image[..., 0], raw["measurement"][..., 0]
    spacing = (geometry.element,) * (image.ndim - 1)
    facts = {"modality": "CT", "axis": axis, "shift": beam.shift, "views": len(beam.angles)}
    return Image(image, None, spacing, unit, "float32", facts, (*warnings, *told), (path,), raw)


def axis_of(stack: torch.Tensor, geometry: Geometry, path: Path) -> tuple[float, list[str]]:
    """Say where the axis is seen: as stated, if the views agree, else as found, else in the middle."""
    middle = (stack.shape[-1] - 1) / 2
    if geometry.beam == "fan":
        return middle if geometry.axis is None else geometry.axis, []
    turned = torch.tensor(geometry.degrees(), dtype=torch.float64).deg2rad()
    try:
        found = rotation_axis(stack, turned)
    except UserError as error:
        said = [] if geometry.axis is not None else [f"its axis is taken to be in the middle: {error.message}"]
        return middle if geometry.axis is None else geometry.axis, said
    if geometry.axis is None:
        said = [f"its axis of rotation was found at element {found:.2f}"] if abs(found - middle) > 0.5 else []
        return found, said
    if abs(found - geometry.axis) > _APART:
        raise UnreadableImage(
            f"{path}: the geometry states the axis of rotation at element {geometry.axis:g}, and the views show it at "
            f"{found:.1f}.",
            "Mend the geometry, or leave the axis out: it is then found from the views.",
        )
    return geometry.axis, []


def beam_of(geometry: Geometry, axis: float, detectors: int) -> Beam:
    """Build the operator of a geometry: pixels as wide as a detector element."""
    size = geometry.size or detectors
    angles = tuple(math.radians(a) for a in geometry.degrees())
    shift = shift_of(axis, detectors)
    if geometry.beam == "parallel":
        return ParallelBeam(size, angles, detectors, geometry.element, shift=shift)
    return FanBeam(size, angles, detectors, geometry.element, float(geometry.distance or 0), shift)
