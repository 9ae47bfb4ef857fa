"""Writing images in the input's own geometry, marked as synthetic or derived."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from adversaria import __version__
from adversaria.data.image import Image
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Mark:
    """What every image that we write says of itself: model, run, and synthetic or derived."""

    model: str
    run: str
    kind: str = "derived"

    def text(self, labels: Mapping[int, str] | None = None) -> str:
        """The mark as one line of JSON; of a label map, with the name of each of its values."""
        named = {"labels": {str(value): name for value, name in labels.items()}} if labels else {}
        return json.dumps({"adversaria": __version__, **asdict(self), "note": "not for diagnosis", **named})


def write_image(image: Image, path: Path, mark: Mark, like: Image | None = None, keep_identity: bool = False) -> Path:
    """Write an image: NIfTI, DICOM, PNG or TIFF, by the ending of `path` or the files of `like`.

    A folder path, or the lack of an ending, takes the format of `like`: a derived series where `like` is
    DICOM, else NIfTI for volumes and PNG for pictures. Nothing is left half-written. Give what was written.
    """
    source = like.source[0] if like is not None and like.source else None
    name = path.name.lower()
    try:
        if name.endswith((".nii", ".nii.gz")):
            from adversaria.data.writers import nifti

            return nifti.write(image, path, mark, source)
        if name.endswith((".png", ".tif", ".tiff")):
            from adversaria.data.writers import raster

            return raster.write(image, path, mark, like)
        if like is not None and like.facts.get("modality") and like.source:
            from adversaria.data.writers import dicom

            return dicom.write(image, path, mark, like, keep_identity)
    except OSError as error:
        raise unwritable(path, image.array.nbytes, error) from None
    ending = _ending(image, source)
    return write_image(image, path.with_name(path.name.split(".")[0] + ending), mark, like, keep_identity)


def _ending(image: Image, source: Path | None) -> str:
    if source is not None and source.name.lower().endswith((".nii", ".nii.gz")):
        return ".nii.gz" if source.name.lower().endswith(".gz") else ".nii"
    return ".nii.gz" if image.array.ndim == 4 else ".png"


def unwritable(path: Path, size: int, error: OSError) -> UserError:
    """Say which path could not be written and how much room it needs."""
    return UserError(
        f"cannot write {path} (about {size} bytes): {error.strerror or error}.",
        "Free some space, or choose another output.",
    )


def put(path: Path, content: bytes) -> Path:
    """Write bytes beside the target, flush them to disk and rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{path.name}-{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return path


def whole_numbers(array: "np.ndarray", low: int, high: int) -> "np.ndarray":
    """Round to integers within [low, high]."""
    return np.clip(np.rint(array), low, high).astype(np.int64)
