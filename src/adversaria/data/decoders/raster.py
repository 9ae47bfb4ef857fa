"""PNG, TIFF, JPEG, GIF and BMP, with their own bits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.decoders.result import Decoded, Refused, as_float, bounded


def decode(path: Path, pixels: bool = True) -> Decoded:
    """Decode one picture to (C, rows, columns); alpha is dropped and said so."""
    if path.suffix.lower() in (".tif", ".tiff"):
        found = _tiff(path)
        if found is not None:
            return found
    return _pillow(path)


def _tiff(path: Path) -> Decoded | None:
    """Read what Pillow would squeeze or refuse: 32-bit and floating-point pages; else None."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            shape, dtype = tuple(page.shape), np.dtype(page.dtype)
            bounded(shape, dtype.itemsize)
            if dtype == np.uint8 or page.compression not in (1, 8, 32946):
                return None
            if len(file.pages) > 1:
                raise Refused(f"it has {len(file.pages)} pages", "Save each page as a file of its own.")
            needed = sum(page.databytecounts)
            if max(o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)) > path.stat().st_size:
                raise Refused(f"it is truncated: {needed} bytes of pixels are declared")
            return _made(page.asarray(), dtype, path)
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"it is not a TIFF file that can be read: {str(error)[:200]}") from None


def _pillow(path: Path) -> Decoded:
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as picture:
            bounded((picture.height, picture.width, len(picture.getbands())), 4)
            if getattr(picture, "n_frames", 1) > 1:
                raise Refused("it holds several frames", "Save each as a file of its own.")
            if _sixteen_bit_colour(path):
                raise Refused("it is a PNG of 16-bit colour, which would lose half its bits", "Save it as TIFF.")
            palette: list[list[int]] = []
            if picture.mode == "P":
                flat = picture.getpalette("RGB") or []
                palette = [flat[k : k + 3] for k in range(0, len(flat), 3)]
                picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
            if picture.mode in ("1", "CMYK", "YCbCr", "LAB", "HSV"):
                picture = picture.convert("L" if picture.mode == "1" else "RGB")
            array = np.asarray(picture)
    except Refused:
        raise
    except UnidentifiedImageError:
        raise Refused("it is not a picture in any known format") from None
    except Exception as error:
        raise Refused(f"it is damaged: {str(error)[:200]}") from None
    made = _made(array, array.dtype, path)
    return replace(made, facts={**made.facts, "palette": palette}) if palette else made


def _sixteen_bit_colour(path: Path) -> bool:
    with open(path, "rb") as file:
        start = file.read(26)
    return start[:8] == b"\x89PNG\r\n\x1a\n" and start[24] == 16 and start[25] in (2, 6)


def _made(array: Any, dtype: Any, path: Path) -> Decoded:
    warnings = []
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
        raise Refused(f"it has the shape {array.shape}", "Save it as a grey or colour picture.")
    if array.shape[2] in (2, 4):
        warnings.append("its alpha channel is dropped")
        array = array[..., :-1]
    if array.dtype.kind not in "iuf":
        array = array.astype(np.uint8)
    facts: dict[str, Any] = {
        "affine": None,
        "spacing": [],
        "dtype": np.dtype(dtype).name,
        "unit": "arbitrary",
        "modality": "",
    }
    return Decoded(np.ascontiguousarray(np.moveaxis(as_float(array), -1, 0)), facts, None, warnings)
