"""NIfTI: the source's affine and codes to the last bit, single precision, the mark as an extension."""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adversaria.data.image import Image

if TYPE_CHECKING:
    from adversaria.data.write import Mark

_COMMENT = 6


def write(image: Image, path: Path, mark: "Mark", source: Path | None) -> Path:
    """Write (C, *S) as float32; channels become the fourth axis."""
    import nibabel

    from adversaria.data.write import put

    array = image.array[0] if image.array.shape[0] == 1 else np.moveaxis(image.array, 0, -1)
    if image.array.shape[0] > 1 and image.array.ndim == 3:
        array = array[:, :, None, :]
    made = nibabel.Nifti1Image(array.astype(np.float32), image.affine if image.affine is not None else np.eye(4))
    header = made.header
    if source is not None and source.name.lower().endswith((".nii", ".nii.gz")):
        keep_geometry(header, nibabel.load(source).header)
    elif image.affine is not None:
        made.set_qform(image.affine, code=1)
        made.set_sform(image.affine, code=1)
    header["descrip"] = f"adversaria {mark.kind}"[:79].encode()
    header.extensions.append(nibabel.nifti1.Nifti1Extension(_COMMENT, mark.text().encode()))
    content = made.to_bytes()
    return put(path, gzip.compress(content, 6, mtime=0) if path.name.lower().endswith(".gz") else content)


def keep_geometry(header: object, source: object) -> None:
    """Copy the fields of orientation and size as they stand in the file, without recomputing them."""
    fields = [
        "qform_code",
        "sform_code",
        "quatern_b",
        "quatern_c",
        "quatern_d",
        "qoffset_x",
        "qoffset_y",
        "qoffset_z",
    ]
    for name in [*fields, "srow_x", "srow_y", "srow_z", "xyzt_units"]:
        header[name] = source[name]  # type: ignore[index]
    header["pixdim"][:4] = source["pixdim"][:4]  # type: ignore[index]
