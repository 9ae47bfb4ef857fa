"""Reading untrusted files: what is whole is read as an independent reader reads it; the rest is refused in words."""

import contextlib
import gzip
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image as Picture

import images
from adversaria.data.guard import _GUARD, Guard, UnreadableImage
from adversaria.data.read import peek, read_image


def refused(path, *said):
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert str(path) in caught.value.message and caught.value.remedy
    for text in said:
        assert text in caught.value.message, caught.value.message
    return caught.value


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_nifti_as_nibabel_reads_it(tmp_path, ending, dtype):
    path = images.nifti(tmp_path / f"a{ending}", images.ramp().astype(dtype), dtype=dtype)
    found, true = read_image(path), nibabel.load(path)
    assert np.array_equal(found.array[0], true.get_fdata().astype(np.float32))
    assert np.array_equal(found.affine, true.affine) and found.dtype == dtype
    assert np.allclose(found.spacing, true.header.get_zooms())


def test_nifti_scaling_channels_and_extensions(tmp_path):
    picture = nibabel.Nifti1Image(images.ramp((6, 5, 4, 3)), images.AFFINE)
    picture.header.set_slope_inter(0.5, -3)
    picture.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"note"))
    nibabel.save(picture, tmp_path / "a.nii.gz")
    found = read_image(tmp_path / "a.nii.gz").array
    assert found.shape == (3, 6, 5, 4)
    assert np.allclose(np.moveaxis(found, 0, -1), nibabel.load(tmp_path / "a.nii.gz").get_fdata())


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_truncated_nifti_is_refused_wherever_it_ends(tmp_path, ending):
    whole = images.nifti(tmp_path / f"whole{ending}").read_bytes()
    for length in [*range(2, 400, 57), *np.linspace(400, len(whole) - 1, 12).astype(int)]:
        path = tmp_path / f"cut{ending}"
        path.write_bytes(whole[: int(length)])
        refused(path)


def test_damaged_gzip_is_refused(tmp_path):
    whole = bytearray(images.nifti(tmp_path / "a.nii.gz", np.random.default_rng(0).random((20, 20, 20))).read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "b.nii.gz").write_bytes(whole)
    refused(tmp_path / "b.nii.gz")
    (tmp_path / "c.nii.gz").write_bytes(b"not gzip at all")
    refused(tmp_path / "c.nii.gz", "gzip")


def header(tmp_path, shape, name="huge.nii"):
    head = nibabel.Nifti1Header()
    head.set_data_shape(shape)
    head["magic"], head["vox_offset"] = b"n+1", 352
    path = tmp_path / name
    path.write_bytes(head.binaryblock + bytes(1000))
    return path


def test_absurd_headers_cost_nothing(tmp_path):
    began = time.process_time()
    refused(header(tmp_path, (32767, 32767, 32767)), "32767x32767x32767")
    packed = tmp_path / "huge.nii.gz"
    packed.write_bytes(gzip.compress((tmp_path / "huge.nii").read_bytes()))
    refused(packed, "GiB")
    small = tmp_path / "some.nii.gz"
    small.write_bytes(gzip.compress(header(tmp_path, (500, 500, 500)).read_bytes()))
    refused(small)
    assert time.process_time() - began < 5


def test_bombs_are_not_inflated(tmp_path):
    bomb = tmp_path / "bomb.nii.gz"
    bomb.write_bytes(gzip.compress(header(tmp_path, (4, 4, 4)).read_bytes()[:352] + bytes(200_000_000)))
    # sixty-four voxels are there, and the rest is nobody's business
    assert read_image(bomb).array.shape == (1, 4, 4, 4)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    side = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    (tmp_path / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", side) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )
    refused(tmp_path / "bomb.png", "GiB")


def test_values_that_are_not_numbers_are_refused(tmp_path):
    array = images.ramp().astype(np.float32)
    array[3, 3, 3], array[4, 4, 4] = np.nan, np.inf
    refused(images.nifti(tmp_path / "a.nii.gz", array), "2 of its voxels are not numbers")


def test_complex_and_vector_voxels_are_refused(tmp_path):
    refused(images.nifti(tmp_path / "a.nii", images.ramp().astype(np.complex64)), "complex64")


PICTURES = {
    "grey8.png": np.arange(48, dtype=np.uint8).reshape(6, 8),
    "grey16.png": (np.arange(48, dtype=np.uint16) * 1300).reshape(6, 8),
    "colour.png": np.arange(144, dtype=np.uint8).reshape(6, 8, 3),
    "grey16.tif": (np.arange(48, dtype=np.uint16) * 1300).reshape(6, 8),
    "grey32.tif": (np.arange(48, dtype=np.uint32) * 70000).reshape(6, 8),
    "float.tif": np.linspace(-3, 900, 48, dtype=np.float32).reshape(6, 8),
    "colour16.tif": (np.arange(144, dtype=np.uint16) * 400).reshape(6, 8, 3),
    "signed.tif": np.arange(-24, 24, dtype=np.int16).reshape(6, 8),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_keep_all_their_bits(tmp_path, name):
    array, path = PICTURES[name], tmp_path / name
    tifffile.imwrite(path, array) if name.endswith("tif") else Picture.fromarray(array).save(path)
    found = read_image(path)
    shown = found.array[0] if array.ndim == 2 else np.moveaxis(found.array, 0, -1)
    assert np.array_equal(shown, array.astype(np.float32)) and found.dtype == str(array.dtype)
    for share in (0.3, 0.7, 0.97):
        cut = tmp_path / f"cut-{name}"
        cut.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with contextlib.suppress(UnreadableImage):
            assert np.array_equal(read_image(cut).array, found.array)


def test_a_picture_that_would_lose_bits_is_refused(tmp_path):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(8 * 6) for _ in range(4))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 4, 16, 2, 0, 0, 0))
    path = tmp_path / "deep.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    assert "TIFF" in refused(path, "16-bit colour").remedy


def test_series_are_ordered_by_position(tmp_path):
    found = read_image(images.series(tmp_path / "s"))
    assert found.array.shape == (1, 16, 16, 6) and found.unit == "HU"
    assert np.array_equal(found.array[0, 0, 0], 37 * np.arange(6) - 1024.0)
    assert found.spacing == (0.5, 0.5, 2.0) and found.axes == "PLS" and not found.warnings
    assert np.allclose(found.affine[:3, 3], [8, 8, 0])


def test_uneven_and_tilted_series_say_so_and_are_no_volume(tmp_path):
    folder = images.series(tmp_path / "s", 5)
    images.dicom(folder / "z.dcm", images.ramp((16, 16)), place=40.0, number=9)
    found = read_image(folder)
    assert any("unequal slice steps" in text for text in found.warnings)
    with pytest.raises(UnreadableImage, match="even volume") as caught:
        read_image(folder, require_volume=True)
    assert "2D" in caught.value.remedy
    tilted = tmp_path / "t"
    for k in range(4):
        images.dicom(
            tilted / f"{k}.dcm", place=2.0 * k, number=k + 1, ImageOrientationPatient=[1, 0, 0, 0, 0.95, -0.312]
        )
    assert any("tilted" in text for text in read_image(tilted).warnings)
    with pytest.raises(UnreadableImage, match="tilted"):
        read_image(tilted, require_volume=True)
    single = images.series(tmp_path / "one", 1)
    assert read_image(single).array.shape == (1, 16, 16, 1)
    with pytest.raises(UnreadableImage, match="single slice"):
        read_image(single, require_volume=True)


def test_folders_that_are_no_series_are_refused(tmp_path):
    mixed = images.series(tmp_path / "mixed", 3)
    images.dicom(mixed / "other.dcm", series="1.9.9")
    refused(mixed, "mixes 2 series")
    twice = images.series(tmp_path / "twice", 3)
    images.dicom(twice / "again.dcm", place=2.0, number=7)
    refused(twice, "same position")
    sizes = images.series(tmp_path / "sizes", 3)
    images.dicom(sizes / "big.dcm", images.ramp((20, 20)), place=40.0, number=7)
    refused(sizes, "differ in size")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "empty")
    strange = images.series(tmp_path / "strange", 3)
    (strange / "notes.dcm").write_text("not dicom")
    refused(strange, "notes.dcm is not a DICOM file")


def test_damaged_dicom_is_refused_or_whole(tmp_path):
    whole_path = images.dicom(tmp_path / "whole.dcm", images.ramp((32, 32)))
    whole, true = whole_path.read_bytes(), read_image(whole_path).array
    cut = tmp_path / "cut.dcm"
    for length in np.linspace(1, len(whole) - 1, 25).astype(int):
        cut.write_bytes(whole[:length])
        refused(cut)
    random = np.random.default_rng(3)
    for _ in range(40):
        hurt = bytearray(whole)
        for place in random.integers(0, 1200, 4):
            hurt[place] = int(random.integers(256))
        cut.write_bytes(hurt)
        try:
            assert np.isfinite(read_image(cut).array).all()
        except UnreadableImage as error:
            assert str(cut) in error.message and len(str(error)) < 800
    assert np.array_equal(read_image(whole_path).array, true)


BITS = [(12, 0, 0x0FFF), (12, 1, -1), (16, 0, 0xFFFF), (10, 1, -512), (8, 0, 255)]


@pytest.mark.parametrize("stored,signed,last", BITS)
@pytest.mark.parametrize("implicit", [True, False])
def test_plain_words_are_what_pydicom_makes_of_them(tmp_path, stored, signed, last, implicit):
    """Straight from the file, and with rubbish in the bits that are not stored."""
    words = np.random.default_rng(0).integers(0, 2**16, (16, 16)).astype(np.uint16)
    words[0, 0] = last & 0xFFFF
    facts = {"BitsStored": stored, "HighBit": stored - 1, "PixelRepresentation": signed}
    path = images.dicom(tmp_path / "s" / "a.dcm", slope=2, intercept=-3, **facts, PixelData=words.tobytes())
    if implicit:
        data = pydicom.dcmread(path)
        data.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        data.save_as(path, implicit_vr=True, little_endian=True)
    true = pydicom.dcmread(path).pixel_array.astype(np.float32) * 2 - 3
    assert np.array_equal(read_image(path).array[0], true)
    assert np.array_equal(read_image(path.parent).array[0, ..., 0], true)


def test_compressed_series_are_the_plain_ones(tmp_path):
    plain, packed = images.series(tmp_path / "plain"), tmp_path / "packed"
    packed.mkdir()
    for path in plain.iterdir():
        data = pydicom.dcmread(path)
        data.compress(pydicom.uid.RLELossless)
        data.save_as(packed / path.name)
    mixed = images.series(tmp_path / "mixed")
    (mixed / "f00.dcm").write_bytes((packed / "f00.dcm").read_bytes())
    first = read_image(plain)
    for folder in (packed, mixed):
        found = read_image(folder)
        assert np.array_equal(found.array, first.array) and np.array_equal(found.affine, first.affine)


def test_gzip_in_several_members_is_one_volume(tmp_path):
    whole = images.nifti(tmp_path / "a.nii", np.random.default_rng(0).random((40, 40, 40)))
    raw = whole.read_bytes()
    many = tmp_path / "many.nii.gz"
    many.write_bytes(b"".join(gzip.compress(raw[k : k + 100_000]) for k in range(0, len(raw), 100_000)))
    assert np.array_equal(read_image(many).array, read_image(whole).array)
    many.write_bytes(b"".join(gzip.compress(raw[k : k + 100_000]) for k in range(0, len(raw) - 100_000, 100_000)))
    refused(many, "truncated")
    assert not list(_GUARD.place.iterdir())


def test_wrong_codec_is_named(tmp_path):
    path = images.dicom(tmp_path / "a.dcm")
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    data.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51 this is no JPEG 2000"])
    data.save_as(path)
    refused(path)


def test_every_oddity_is_read_or_refused_in_words(real):
    folder = real("dicom_oddities")
    refusals, good = {}, 0
    for path in sorted(folder.rglob("*.dcm")):
        try:
            found = read_image(path, allow_nonfinite=True)
            good += 1
            assert found.array.ndim in (3, 4) and found.array.dtype == np.float32
        except UnreadableImage as error:
            refusals[path.name] = error.message
            assert str(path) in error.message and error.remedy and len(str(error)) < 900
    assert good >= 60, refusals
    for name in ("MR_truncated.dcm", "rtplan.dcm", "rtstruct.dcm", "badVR.dcm"):
        assert name in refusals, name


@pytest.mark.parametrize("name", ["ct_head_ge_irregular", "mr_brain_tumor_dicom/11-T1post-18670"])
def test_real_series_as_pydicom_reads_them(real, name):
    top, _, rest = name.partition("/")
    folder = real(top) / rest
    found = read_image(folder)
    slices = sorted((pydicom.dcmread(p) for p in folder.iterdir()), key=lambda d: float(d.ImagePositionPatient[2]))
    for k, data in enumerate(slices):
        true = data.pixel_array * float(data.get("RescaleSlope", 1)) + float(data.get("RescaleIntercept", 0))
        assert np.array_equal(found.array[0, ..., k], true.astype(np.float32))
    if top.startswith("ct_head"):
        assert any("unequal" in text for text in found.warnings) and any("18.5" in text for text in found.warnings)


def test_the_guard_survives_slow_and_dying_decoders(tmp_path):
    path = images.nifti(tmp_path / "a.nii.gz")
    guard = Guard(seconds=20)
    assert guard.ask(path, True)["facts"]["dtype"] == "int16"
    process = guard.process
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert guard.ask(path, True)["facts"]["dtype"] == "int16" and guard.process is not process
    guard.seconds = 0.5
    os.kill(guard.process.pid, signal.SIGSTOP)
    with pytest.raises(UnreadableImage, match="took longer"):
        guard.ask(path, True)
    guard.seconds = 20
    place = guard.start() and guard.place
    assert Path(guard.ask(path, True)["poured"]).parent == place
    guard.stop()
    assert not place.exists()


def test_the_guard_bounds_memory(tmp_path):
    path = tmp_path / "a.png"
    Picture.new("L", (12_000, 12_000)).save(path)
    guard = Guard(memory=600 * 1024**2)
    with pytest.raises(UnreadableImage, match=r"memory|died"):
        guard.ask(path, True)
    assert guard.ask(images.nifti(tmp_path / "b.nii.gz"), True)["poured"]
    guard.stop()


def test_decoders_import_neither_torch_nor_monai():
    code = (
        "import sys; import adversaria.data.decoders.child; from adversaria.data.read import read_image; "
        "bad = {'torch', 'monai', 'scipy', 'matplotlib'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_peek_reads_headers_alone(tmp_path):
    path = images.nifti(tmp_path / "a.nii.gz")
    assert peek(path)["dtype"] == "int16" and peek(images.series(tmp_path / "s"))["unit"] == "HU"


def test_what_is_missing_is_said(tmp_path):
    refused(tmp_path / "none.nii.gz", "does not exist")
    (tmp_path / "empty.nii.gz").touch()
    refused(tmp_path / "empty.nii.gz", "empty")
    os.mkfifo(tmp_path / "pipe.nii")
    refused(tmp_path / "pipe.nii", "neither a file nor a folder")
