"""NIfTI: the header by nibabel, the voxels only when every one of them is there."""

import zlib
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from adversaria.data.decoders.result import Decoded, Refused, bounded

_RATIO = 1100  # deflate cannot do better than 1032 to 1
_PIECE, _MOST = 2**16, 2**20  # bytes inflated at once, and the most that may come of them: both fit into a cache


def decode(path: Path, pixels: bool = True) -> Decoded:
    """Decode one .nii or .nii.gz file to (C, X, Y[, Z]) in the file's voxel order."""
    packed = path.name.lower().endswith(".gz")
    header = _header(path, packed)
    shape = tuple(int(s) for s in header.get_data_shape())
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf":
        raise Refused(f"its voxels are of type {dtype}", "Convert it to numbers of one channel.")
    size = bounded(shape, dtype.itemsize)
    offset = max(int(header["vox_offset"]), 352)
    length = path.stat().st_size
    if packed and offset + size > _RATIO * length:
        raise Refused(f"it declares {size} bytes of voxels but is only {length} bytes long")
    if not packed and length < offset + size:
        raise Refused(f"it is truncated: {length} of {offset + size} bytes are there")
    facts = _facts(header, shape, dtype)
    slope, inter = _scaling(header)
    place = {"offset": offset, "dtype": dtype.str, "shape": list(shape), "slope": slope, "inter": inter}
    if not pixels:
        return Decoded(None, facts)
    if not packed:
        return Decoded(None, facts, place)
    return Decoded(None, facts, {**place, "offset": 0}, pour=partial(_inflate, path, offset, size))


def read(path: Path, place: dict[str, Any]) -> Any:
    """Read voxels in a file's own words from `place`, to (C, *S)."""
    voxels = np.memmap(path, place["dtype"], "r", place["offset"], tuple(place["shape"]), order="F")
    return arranged(voxels, place["slope"], place["inter"])


def arranged(voxels: Any, slope: float, inter: float) -> Any:
    """Bring voxels to (C, *S) in single precision, scaled."""
    array = voxels.astype(np.float32)
    if (slope, inter) != (1.0, 0.0):
        array *= np.float32(slope)
        array += np.float32(inter)
    while array.ndim > 4 and array.shape[3] == 1:
        array = array.squeeze(3)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    return np.moveaxis(array, 3, 0) if array.ndim == 4 else array[None]


def _header(path: Path, packed: bool) -> Any:
    import nibabel

    with open(path, "rb") as file:
        start = file.read(64 * 1024)
    if packed:
        try:
            start = zlib.decompressobj(31).decompress(start, 1024)
        except zlib.error as error:
            raise Refused(f"it is not a gzip file: {error}") from None
    kinds = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
    first = start[:4]
    size = int.from_bytes(first, "little")
    kind = kinds.get(size) or kinds.get(int.from_bytes(first, "big"))
    if kind is None or len(start) < kind.template_dtype.itemsize:
        raise Refused("it has no NIfTI header")
    try:
        # the constructor reads the header alone; extensions after it are nobody's business here
        return kind(start[: kind.template_dtype.itemsize])
    except Exception as error:
        raise Refused(f"its NIfTI header is damaged: {str(error)[:200]}") from None


def _facts(header: Any, shape: tuple[int, ...], dtype: Any) -> dict[str, Any]:
    dims = min(len(shape), 3)
    zooms = [float(z) for z in header.get_zooms()[:dims]]
    if dims > 3 or len(shape) > 4 and any(s != 1 for s in shape[3:-1]):
        raise Refused(f"it has {len(shape)} dimensions", "Split it into volumes.")
    affine = np.asarray(header.get_best_affine(), np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise Refused("its affine has no inverse", "Mend the orientation in the header.")
    return {
        "affine": affine.tolist(),
        "spacing": zooms,
        "dtype": dtype.name,
        "unit": "arbitrary",
        "modality": "",
    }


def _scaling(header: Any) -> tuple[float, float]:
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, inter if np.isfinite(inter) else 0.0


def _inflate(path: Path, offset: int, size: int, target: BinaryIO) -> None:
    """Inflate exactly the voxels that are declared and check that the stream ends whole (its checksum holds)."""
    have, wanted = 0, offset + size
    stream = zlib.decompressobj(31)
    try:
        with open(path, "rb") as file:
            left = file.read(_PIECE)
            while left:
                piece = stream.decompress(left, _MOST)
                target.write(memoryview(piece)[max(0, offset - have) : max(0, wanted - have)])
                have += len(piece)
                if have >= wanted and (stream.eof or have > wanted + _MOST):
                    return
                left = stream.unused_data if stream.eof else stream.unconsumed_tail
                left = left or file.read(_PIECE)
                if stream.eof and left:
                    stream = zlib.decompressobj(31)
    except zlib.error as error:
        raise Refused(f"its compressed data are damaged: {error}") from None
    raise Refused(f"it is truncated: {min(have, wanted)} of {wanted} bytes are there")
