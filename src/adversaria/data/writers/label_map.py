"""Label maps: integers in the source's geometry, as NIfTI, PNG with a palette, or DICOM segmentation."""

import gzip
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adversaria.data.image import Image
from adversaria.vocabulary import UserError

if TYPE_CHECKING:
    from adversaria.data.write import Mark

_SHADES = ((0, 0, 0), (230, 158, 0), (87, 181, 232), (0, 158, 115), (240, 227, 66), (204, 120, 166), (214, 94, 0),
           (0, 115, 178))  # fmt: skip


def write_labels(image: Image, path: Path, mark: "Mark", like: Image, names: Mapping[int, str]) -> Path:
    """Write a label map (1, *S) by the ending of `path`, or in the kind of `like`; `names` are kept in the file.

    Without an ending: a DICOM segmentation where `like` is DICOM, PNG where it is a picture, else NIfTI.
    """
    from adversaria.data.write import unwritable

    name = path.name.lower()
    dicom = bool(like.facts.get("modality")) and bool(like.source)
    try:
        if name.endswith((".nii", ".nii.gz")):
            return _nifti(image, path, mark, like, names)
        if name.endswith(".png"):
            return _png(image, path, mark, names)
        if name.endswith(".dcm") or (dicom and not path.suffix):
            from adversaria.data.writers import dicom_seg

            place = path if path.suffix else path.with_name(path.name + ".dcm")
            return dicom_seg.write(image, place, mark, like, names)
    except OSError as error:
        raise unwritable(path, image.array.nbytes, error) from None
    ending = ".nii.gz" if image.array.ndim == 4 or image.affine is not None else ".png"
    return write_labels(image, path.with_name(path.name.split(".")[0] + ending), mark, like, names)


def _integers(image: Image) -> Any:
    found = np.rint(image.array).astype(np.int64)
    if found.min() < 0 or found.max() > 32767:
        raise UserError("a label does not fit into 16 bits.", "Use smaller values in intensity.mask.values.")
    return found.astype(np.uint8 if found.max() < 256 else np.int16)


def _nifti(image: Image, path: Path, mark: "Mark", like: Image, names: Mapping[int, str]) -> Path:
    import nibabel

    from adversaria.data.write import put
    from adversaria.data.writers.nifti import keep_geometry

    affine = image.affine if image.affine is not None else np.eye(4)
    made = nibabel.Nifti1Image(_integers(image)[0], affine)
    source = like.source[0] if like.source else None
    if source is not None and source.name.lower().endswith((".nii", ".nii.gz")):
        keep_geometry(made.header, nibabel.load(source).header)
    elif image.affine is not None:
        made.set_qform(image.affine, code=1)
        made.set_sform(image.affine, code=1)
    made.header["intent_code"] = 1002
    made.header["descrip"] = f"adversaria {mark.kind} labels"[:79].encode()
    made.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, mark.text(names).encode()))
    content = made.to_bytes()
    return put(path, gzip.compress(content, 6, mtime=0) if path.name.lower().endswith(".gz") else content)


def _png(image: Image, path: Path, mark: "Mark", names: Mapping[int, str]) -> Path:
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    from adversaria.data.write import put

    if image.array.ndim != 3:
        raise UserError(f"{path} is a picture, but the label map is a volume.", "Give a .nii.gz file or a folder.")
    found = _integers(image)
    if found.dtype != np.uint8:
        raise UserError("a PNG with a palette holds labels up to 255.", "Write NIfTI, or use smaller values.")
    picture = Picture.fromarray(found[0])
    picture.putpalette([c for k in range(256) for c in _shade(k)])
    text = PngInfo()
    text.add_text("adversaria", mark.text(names))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=text)
    return put(path, buffer.getvalue())


def _shade(number: int) -> tuple[int, int, int]:
    """A colour for each value: no two are alike, so that the value can be told from the colour."""
    if number < len(_SHADES):
        return _SHADES[number]
    return (number, 255 - number, (53 * number) % 256)
