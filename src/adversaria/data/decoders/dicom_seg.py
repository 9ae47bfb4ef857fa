"""DICOM segmentation objects as label maps, by highdicom, an extra."""

from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.decoders.result import Decoded, Refused, bounded

_KINDS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")  # segmentation, label map segmentation


def is_segmentation(data: Any) -> bool:
    """Tell whether a header is that of a segmentation object."""
    return str(getattr(data, "SOPClassUID", "")) in _KINDS


def decode(path: Path) -> Decoded:
    """Give the number of the segment that each voxel belongs to, 0 for none: (1, rows, columns, slices).

    Slices lie where their frames say, ordered along their normal; those between them that the object leaves out, since
    nothing is in them, are 0. Refused: segments that overlap, fractions, frames without a regular place in space.
    """
    try:
        from highdicom.seg import segread
    except ImportError:
        raise Refused(
            f"{path.name} is a DICOM segmentation, and highdicom, which reads it, is not installed",
            "pip install 'adversaria[seg]'.",
        ) from None
    try:
        found = segread(path)
        place = found.get_volume_geometry(allow_missing_positions=True)
        if place is not None:
            bounded(place.spatial_shape, 4)
            volume = found.get_volume(combine_segments=True, allow_missing_positions=True)
    except Refused:
        raise
    except Exception as error:
        raise _refused(path, error) from None
    if place is None:
        raise Refused(
            f"the frames of {path.name} are no stack of parallel slices at even steps",
            "Convert it to NIfTI on the grid of its image (for example with segimage2itkimage of dcmqi).",
        )
    array, affine = _upright(np.asarray(volume.array), np.asarray(volume.affine, np.float64))
    facts = {
        "modality": "SEG",
        "unit": "labels",
        "dtype": str(array.dtype),
        "bits": 8 * array.dtype.itemsize,
        "files": [path.name],
        "affine": affine.tolist(),
        "irregular": False,
        "spacing": [float(v) for v in np.linalg.norm(affine[:3, :3], axis=0)],
    }
    return Decoded(np.moveaxis(array, 0, -1)[None].astype(np.float32), facts)


def _upright(array: Any, affine: Any) -> tuple[Any, Any]:
    """Order slices (slices, rows, columns) along the normal, as a series is; give the affine (row, column, slice) too.

    The given affine is that of the array, to the patient's left, back and head; the other leads to RAS.
    """
    along, down, across, origin = (affine[:3, k] for k in range(4))
    if np.dot(along, np.cross(across, down)) < 0:
        array, origin, along = array[::-1], origin + (len(array) - 1) * along, -along
    made = np.eye(4)
    made[:3] = np.stack([down, across, along, origin], 1)
    return array, np.diag([-1.0, -1.0, 1.0, 1.0]) @ made


def _refused(path: Path, error: Exception) -> Refused:
    text = str(error)
    if "overlap" in text:
        return Refused(
            f"segments of {path.name} overlap, and a label map has one class for each voxel",
            "Write the segments you need to an object of their own, or to NIfTI on the grid of the image.",
        )
    if "fractional" in text.lower():
        return Refused(f"{path.name} holds fractions, no labels", "Cut it at a threshold, and write it as NIfTI.")
    return Refused(f"{path.name} cannot be read as a segmentation: {type(error).__name__}: {text[:160]}")
