"""DICOM: one slice, or a folder that holds one series, ordered by position."""

import contextlib
import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from adversaria.data.decoders import dicom_seg
from adversaria.data.decoders.plain import PLAIN, place_of
from adversaria.data.decoders.result import LARGEST, Decoded, Refused, bounded
from adversaria.data.decoders.uptake import uptake_facts

_DEFLATED = "1.2.840.10008.1.2.1.99"
_START = 2**16  # bytes that hold nearly every header; of a deflated file at most 64 MiB come from so many
_SOME = ("SeriesInstanceUID", "Rows", "Columns")


class Slice(NamedTuple):
    """One file: its header, and where its pixels lie if they are plain words."""

    path: Path
    data: Any
    place: dict[str, Any] | None


def decode(path: Path, pixels: bool = True) -> Decoded:
    """Decode a file to (C, rows, columns) or a series folder to (C, rows, columns, slices)."""
    files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")) if path.is_dir() else [path]
    if not files:
        raise Refused("the folder is empty", "Give the folder that holds the DICOM files.")
    if len(files) > 20_000:
        raise Refused(f"the folder holds {len(files)} files", "Give a folder with one series.")
    slices = [_read(p) for p in files]
    _one_series(slices)
    if any(dicom_seg.is_segmentation(s.data) for s in slices):
        if len(slices) > 1:
            raise Refused(f"the folder holds {len(slices)} segmentation objects", "Keep one in the folder.")
        return dicom_seg.decode(slices[0].path)
    if len(slices) == 1 and int(getattr(slices[0].data, "NumberOfFrames", 1) or 1) > 1:
        return _frames(slices[0])
    slices = _ordered(slices)
    first = slices[0].data
    bounded((first.Rows, first.Columns, len(slices), int(getattr(first, "SamplesPerPixel", 1))), 4)
    facts, warnings = _facts(slices)
    if not pixels:
        return Decoded(None, facts, None, warnings)
    if len({(s.data.Rows, s.data.Columns) for s in slices}) > 1:
        raise Refused("its slices differ in size", "Separate them into one folder a series.")
    inverted = str(first.PhotometricInterpretation) == "MONOCHROME1"
    if not inverted and all(s.place for s in slices):
        return Decoded(None, facts, _mapped(slices, path.is_dir()), warnings)
    planes = [_pixels(s) for s in slices]
    if len({plane.shape for plane in planes}) > 1:
        raise Refused("its slices differ in channels", "Separate them into one folder a series.")
    array = np.moveaxis(np.stack(planes), 0, -1) if path.is_dir() else planes[0]
    if inverted:
        pivot = float(array.max() + array.min())
        array = np.float32(pivot) - array
        facts["inverted_about"] = pivot
        warnings.append("MONOCHROME1: grey values were inverted, so that bright is dense")
    return Decoded(array, facts, None, warnings)


def _mapped(slices: list[Slice], folder: bool) -> dict[str, Any]:
    """Where the parent finds the pixels, slice by slice."""
    found = []
    for path, data, place in slices:
        slope, inter = _rescale(data)
        found.append({"name": path.name, "slope": slope, "inter": inter, **(place or {})})
    first = slices[0].data
    return {"size": [int(first.Rows), int(first.Columns)], "folder": folder, "slices": found}


def _read(path: Path) -> Slice:
    from pydicom.errors import InvalidDicomError

    try:
        with open(path, "rb") as file:
            data, place = _header(path, file)
        for name in _SOME:
            if name != "SeriesInstanceUID" and getattr(data, name, None) is None:
                raise Refused(f"{path.name} holds no image", "Leave out structured reports, plans and the like.")
        frames = int(getattr(data, "NumberOfFrames", 1) or 1)
        bounded((int(data.Rows), int(data.Columns), max(1, frames)), 4)
        return Slice(path, data, place)
    except Refused:
        raise
    except InvalidDicomError:
        raise Refused(f"{path.name} is not a DICOM file", "Remove it from the folder.") from None
    except Exception as error:
        raise _damaged(path, error) from None


def _header(path: Path, file: BinaryIO) -> tuple[Any, dict[str, Any] | None]:
    """Read all that stands before the pixels: from the first bytes where they hold it, which is quick, or from all."""
    import pydicom

    start = io.BytesIO(file.read(_START))
    with contextlib.suppress(Exception):
        data = pydicom.dcmread(start, stop_before_pixels=True)
        if (place := place_of(path, start, data)) is not None:
            return data, place
    _bound_deflated(path)
    file.seek(0)
    data = pydicom.dcmread(file, stop_before_pixels=True)
    return data, place_of(path, file, data)


def _damaged(path: Path, error: Exception) -> Refused:
    return Refused(f"{path.name} is damaged: {type(error).__name__}: {str(error)[:160]}")


def _bound_deflated(path: Path) -> None:
    """Refuse a deflated file that would fill the memory, before anybody inflates it whole."""
    from pydicom.filereader import read_file_meta_info

    try:
        meta = read_file_meta_info(path)
    except Exception:
        return
    if str(getattr(meta, "TransferSyntaxUID", "")) != _DEFLATED:
        return
    start = 144 + int(getattr(meta, "FileMetaInformationGroupLength", 0))
    stream, total = zlib.decompressobj(-15), 0
    data = path.read_bytes()[start:]
    limit = LARGEST // 8
    while data and not stream.eof:
        total += len(stream.decompress(data, 1 << 20))
        data = stream.unconsumed_tail
        if total > limit:
            raise Refused(f"{path.name} inflates to more than {limit >> 20} MiB")


def _one_series(slices: list[Slice]) -> None:
    series: dict[str, list[Any]] = {}
    for _, data, _ in slices:
        series.setdefault(str(getattr(data, "SeriesInstanceUID", "")), []).append(data)
    if len(series) > 1:
        said = "; ".join(
            f"series {getattr(found[0], 'SeriesNumber', '?')} "
            f"({getattr(found[0], 'Modality', '?')}, {len(found)} files)"
            for found in list(series.values())[:6]
        )
        raise Refused(f"the folder mixes {len(series)} series: {said}", "Put each series into a folder of its own.")


def _ordered(slices: list[Slice]) -> list[Slice]:
    """Sort by position along the normal; files without a position stay in the order of their numbers."""
    if len(slices) == 1:
        return slices
    if any(getattr(s.data, "ImagePositionPatient", None) is None for s in slices):
        return sorted(slices, key=lambda s: int(getattr(s.data, "InstanceNumber", 0) or 0))
    normal = _normal(slices[0].data)
    places = [float(np.dot(normal, [float(v) for v in s.data.ImagePositionPatient])) for s in slices]
    pairs = sorted(zip(places, range(len(slices)), strict=True))
    for (one, i), (two, j) in zip(pairs[:-1], pairs[1:], strict=True):
        if abs(one - two) < 1e-3:
            raise Refused(
                f"{slices[i].path.name} and {slices[j].path.name} lie at the same position",
                "Keep one time point or echo in the folder.",
            )
    return [slices[i] for _, i in pairs]


def _normal(data: Any) -> Any:
    turn = getattr(data, "ImageOrientationPatient", None)
    if turn is None or len(turn) != 6:
        return np.array([0.0, 0.0, 1.0])
    row, column = np.asarray([float(v) for v in turn]).reshape(2, 3)
    return np.cross(row, column)


def _facts(slices: list[Slice]) -> tuple[dict[str, Any], list[str]]:
    data = slices[0].data
    warnings: list[str] = []
    stated: Any = getattr(data, "PixelSpacing", None) or getattr(data, "ImagerPixelSpacing", None) or [1, 1]
    spacing = [float(v) for v in stated]
    facts: dict[str, Any] = {
        "modality": str(getattr(data, "Modality", "")),
        "unit": _unit(data),
        "dtype": f"{'int' if getattr(data, 'PixelRepresentation', 0) else 'uint'}{getattr(data, 'BitsAllocated', 16)}",
        "bits": int(getattr(data, "BitsStored", 16)),
        "files": [s.path.name for s in slices],
        "affine": None,
        "irregular": False,
    }
    if not hasattr(data, "PixelSpacing") and not hasattr(data, "ImagerPixelSpacing"):
        warnings.append("no pixel spacing is given; 1 mm is assumed")
    positions: list[Any] = [getattr(s.data, "ImagePositionPatient", None) for s in slices]
    between = float(getattr(data, "SliceThickness", None) or 1.0)
    if all(p is not None and len(p) == 3 for p in positions):
        between = _steps(np.asarray([[float(v) for v in p] for p in positions]), data, facts, warnings, between)
        facts["affine"] = _affine(data, np.asarray([float(v) for v in positions[0]]), spacing, between)
    elif len(slices) > 1:
        facts["irregular"] = True
        warnings.append("slices carry no position: their order is that of their instance numbers")
    facts["spacing"] = [*spacing, between]
    return {**facts, **uptake_facts(data)}, warnings


def _steps(places: Any, data: Any, facts: dict[str, Any], warnings: list[str], alone: float) -> float:
    """Look at the steps between slices and at the tilt of the stack; give the usual step."""
    if len(places) < 2:
        return alone
    normal = _normal(data)
    steps = np.diff(places @ normal)
    usual = float(np.median(steps))
    if np.abs(steps - usual).max() > max(0.01 * usual, 0.01):
        facts["irregular"] = True
        facts["steps_mm"] = [round(float(s), 3) for s in steps]
        warnings.append(f"unequal slice steps from {steps.min():.2f} to {steps.max():.2f} mm: {facts['steps_mm']}")
    way = places[-1] - places[0]
    cosine = float(np.clip(way @ normal / max(np.linalg.norm(way), 1e-9), -1, 1))
    tilt = float(np.degrees(np.arccos(cosine)))
    if tilt > 0.5:
        facts["irregular"] = True
        facts["tilt_degrees"] = round(tilt, 2)
        warnings.append(f"the gantry is tilted by {tilt:.1f} degrees: the slices are sheared against each other")
    return usual


def _affine(data: Any, place: Any, spacing: list[float], between: float) -> list[list[float]]:
    """Voxel (row, column, slice) to RAS millimetres."""
    turn = getattr(data, "ImageOrientationPatient", None) or [1, 0, 0, 0, 1, 0]
    row, column = np.asarray([float(v) for v in turn]).reshape(2, 3)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = column * spacing[0], row * spacing[1]
    affine[:3, 2], affine[:3, 3] = np.cross(row, column) * between, place
    return (np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine).tolist()


def _unit(data: Any) -> str:
    stated = str(getattr(data, "Units", "") or getattr(data, "RescaleType", "") or "")
    if stated == "BQML":
        return "Bq/ml"
    if str(getattr(data, "Modality", "")) == "CT" or stated == "HU":
        return "HU"
    return "arbitrary"


def _rescale(data: Any) -> tuple[float, float]:
    return float(getattr(data, "RescaleSlope", 1) or 1), float(getattr(data, "RescaleIntercept", 0) or 0)


def _pixels(slice_: Slice) -> Any:
    """Give one image (C, rows, columns) in physical units."""
    slope, inter = _rescale(slice_.data)
    array = _decoded(slice_.path)
    array = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    array = array.astype(np.float32)
    if (slope, inter) != (1.0, 0.0):
        array *= np.float32(slope)
        array += np.float32(inter)
    return array


def _refuse_truncated(path: Path, data: Any) -> None:
    """Refuse an uncompressed slice that lacks pixels."""
    syntax = str(getattr(getattr(data, "file_meta", None), "TransferSyntaxUID", PLAIN[0]))
    bits = int(getattr(data, "BitsAllocated", 0))
    if syntax not in PLAIN or bits < 8 or not hasattr(data, "PixelData") or "422" in data.PhotometricInterpretation:
        return
    size = int(data.Rows) * int(data.Columns) * int(getattr(data, "SamplesPerPixel", 1)) * bits // 8
    if len(data.PixelData) < size:
        raise Refused(f"the pixel data of {path.name} are truncated: {len(data.PixelData)} of {size} bytes are there")


def _decoded(path: Path) -> Any:
    """Decode the pixels of a file by pydicom."""
    import pydicom
    from pydicom.pixels import apply_color_lut

    try:
        data = pydicom.dcmread(path)
    except Exception as error:
        raise _damaged(path, error) from None
    if not any(hasattr(data, n) for n in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise Refused(f"{path.name} holds no pixel data", "Restore the file from its source.")
    _refuse_truncated(path, data)
    syntax = getattr(getattr(data, "file_meta", None), "TransferSyntaxUID", None)
    try:
        array = data.pixel_array
        if str(data.PhotometricInterpretation) == "PALETTE COLOR":
            array = apply_color_lut(array, data)
        return array
    except Exception as error:
        text = str(error)
        if "handler" in text or "decoder" in text or "plugin" in text or "missing" in text.lower():
            raise Refused(
                f"{path.name} is compressed as {getattr(syntax, 'name', syntax)} and no decoder for it is installed",
                "pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg, or decompress it with dcmdjpeg.",
            ) from None
        raise Refused(f"the pixels of {path.name} cannot be decoded: {type(error).__name__}: {text[:160]}") from None


def _frames(slice_: Slice) -> Decoded:
    """A multi-frame object as a stack without geometry of its own."""
    path, data, _ = slice_
    frames = int(data.NumberOfFrames)
    bounded((int(data.Rows), int(data.Columns), frames, int(getattr(data, "SamplesPerPixel", 1))), 4)
    array = _decoded(path)
    if array.ndim == 4:
        array = np.moveaxis(array, (0, 3), (3, 0))
    else:
        array = np.moveaxis(array, 0, -1)[None]
    facts, warnings = _facts([slice_])
    facts |= {"irregular": True, "affine": None}
    slope, inter = _rescale(data)
    warnings.append(f"a multi-frame object: its {frames} frames are read as slices without positions")
    return Decoded(array.astype(np.float32) * np.float32(slope) + np.float32(inter), facts, None, warnings)
