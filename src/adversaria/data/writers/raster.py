"""Pictures: 8 bits where the source has 8, else 16; floating-point TIFF; the mark as text."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adversaria.data.image import Image
from adversaria.vocabulary import UserError

if TYPE_CHECKING:
    from adversaria.data.write import Mark


def write(image: Image, path: Path, mark: "Mark", like: Image | None) -> Path:
    """Write (C, rows, columns). Values outside the integers' range are clipped; TIFF keeps them as floats."""
    from adversaria.data.write import put

    if image.array.ndim != 3:
        raise UserError(f"{path} is a picture, but the image is a volume.", "Give a .nii.gz file or a folder.")
    array = np.moveaxis(image.array, 0, -1)
    array = array[..., 0] if array.shape[2] == 1 else array
    if path.suffix.lower() in (".tif", ".tiff"):
        import tifffile

        buffer = io.BytesIO()
        tifffile.imwrite(buffer, array.astype(np.float32), description=mark.text(), metadata=None)
        return put(path, buffer.getvalue())
    return put(path, _png(array, like.dtype if like is not None else "uint16", image, mark))


def _png(array: Any, dtype: str, image: Image, mark: "Mark") -> bytes:
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    from adversaria.data.write import whole_numbers

    text = PngInfo()
    text.add_text("adversaria", mark.text())
    if dtype == "uint8" or array.ndim == 3:
        picture = Picture.fromarray(whole_numbers(array, 0, 255).astype(np.uint8))
    else:
        low = float(np.floor(min(array.min(), 0.0)))
        span = float(array.max()) - low
        scale = 1.0 if span <= 65535 and span > 255 else max(span, 1e-6) / 65535
        text.add_text("stored values", f"value = {low} + {scale!r} * stored; unit {image.unit}")
        picture = Picture.fromarray(whole_numbers((array - low) / scale, 0, 65535).astype(np.uint16))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=text)
    return buffer.getvalue()
