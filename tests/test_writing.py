"""Writing: geometry to the bit, derived DICOM that its checker accepts, the mark, and nothing half-written."""

import json

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image as Picture

import images
from adversaria.data.image import Image
from adversaria.data.read import read_image
from adversaria.data.write import Mark, put, write_image
from adversaria.vocabulary import UserError
from derived import errors_of

MARK = Mark("model-7", "run-9", "derived")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_the_affine_out_is_the_affine_in(tmp_path, ending):
    source = nibabel.Nifti1Image(images.ramp(), images.AFFINE)
    source.header.set_qform(images.AFFINE, 2, strip_shears=True)
    source.header.set_sform(images.AFFINE * 1.0000001, 4)
    source.header.set_xyzt_units("mm", "sec")
    nibabel.save(source, tmp_path / f"in{ending}")
    image = read_image(tmp_path / f"in{ending}")
    out = write_image(image.like(image.array * 2), tmp_path / f"out{ending}", MARK, image)
    first, second = nibabel.load(tmp_path / f"in{ending}"), nibabel.load(out)
    assert np.array_equal(first.affine, second.affine)
    for name in (
        "qform_code",
        "sform_code",
        "srow_x",
        "srow_y",
        "srow_z",
        "quatern_b",
        "qoffset_z",
        "pixdim",
        "xyzt_units",
    ):
        assert (
            np.array_equal(first.header[name][..., :4], second.header[name][..., :4])
            if first.header[name].ndim
            else (first.header[name] == second.header[name])
        ), name
    assert np.array_equal(second.get_fdata(), 2 * first.get_fdata())
    (note,) = second.header.extensions
    assert json.loads(note.get_content())["model"] == "model-7"
    again = write_image(image.like(image.array * 2), tmp_path / f"again{ending}", MARK, image)
    assert again.read_bytes() == out.read_bytes()


def test_pictures_carry_the_mark_and_their_bits(tmp_path):
    array = (np.arange(48, dtype=np.uint16) * 1300).reshape(6, 8)
    Picture.fromarray(array).save(tmp_path / "in.png")
    image = read_image(tmp_path / "in.png")
    out = write_image(image, tmp_path / "out.png", MARK, image)
    with Picture.open(out) as picture:
        assert json.loads(picture.info["adversaria"])["run"] == "run-9"
        assert np.array_equal(np.asarray(picture), array)
    signed = image.like(image.array - 30000)
    with Picture.open(write_image(signed, tmp_path / "signed.png", MARK, image)) as picture:
        assert "value = -30000" in picture.info["stored values"]
        assert np.array_equal(np.asarray(picture) - 30000.0, signed.array[0])
    tiff = write_image(signed, tmp_path / "signed.tif", MARK, image)
    assert np.array_equal(tifffile.imread(tiff), signed.array[0])
    with tifffile.TiffFile(tiff) as file:
        assert "model-7" in file.pages[0].description


@pytest.mark.parametrize("identity", [False, True])
def test_derived_series_is_new_marked_and_without_identity(tmp_path, identity):
    folder = images.series(tmp_path / "in", 5)
    image = read_image(folder)
    made = image.like(image.array + 11)
    out = write_image(made, tmp_path / "out", MARK, image, keep_identity=identity)
    assert np.allclose(read_image(out).array, made.array, atol=0.51)
    assert np.array_equal(read_image(out).affine, image.affine)
    sources = {str(pydicom.dcmread(p).SOPInstanceUID) for p in folder.iterdir()}
    written = [pydicom.dcmread(p) for p in sorted(out.iterdir())]
    assert len({str(d.SOPInstanceUID) for d in written} | sources) == 10
    assert len({str(d.SeriesInstanceUID) for d in written}) == 1 and str(written[0].SeriesInstanceUID) != "1.2.3.4"
    for data in written:
        assert data[0x0008, 0x001C].value == "YES" and list(data.ImageType[:2]) == ["DERIVED", "SECONDARY"]
        assert data.SourceImageSequence[0].ReferencedSOPInstanceUID in sources
        assert "model-7" in data.DerivationDescription and "run-9" in data.DerivationDescription
        kept = (str(data.PatientName), str(data.PatientID), str(data.StudyInstanceUID)) == (
            "Secret^Name",
            "ID-4711",
            "1.2.3",
        )
        assert kept == identity
        if not identity:
            assert "Secret" not in str(data) and "ID-4711" not in str(data)
    before = errors_of(next(folder.iterdir()))
    for path in out.iterdir():
        assert not errors_of(path) - before, path


def test_the_checker_finds_what_is_missing(tmp_path):
    path = images.dicom(tmp_path / "a.dcm")
    data = pydicom.dcmread(path)
    del data.PixelSpacing
    data.save_as(tmp_path / "b.dcm")
    assert any("PixelSpacing" in error for error in errors_of(tmp_path / "b.dcm") - errors_of(path))


@pytest.mark.parametrize(
    "name", ["ct_head_ge_irregular", "ct_kernel_pair_phantom/std", "mr_brain_tumor_dicom/26401-T1prereg-52906"]
)
def test_real_series_come_back_without_new_errors(real, tmp_path, name):
    top, _, rest = name.partition("/")
    folder = real(top) / rest
    image = read_image(folder)
    out = write_image(image.like(image.array * 0.9 + 5), tmp_path / "out", MARK, image)
    before = set().union(*(errors_of(p) for p in folder.iterdir()))
    after = set().union(*(errors_of(p) for p in out.iterdir()))
    assert not after - before, after - before
    again = read_image(out)
    assert np.array_equal(again.affine, image.affine) and again.spacing == image.spacing
    step = np.ptp(image.array) / 60000
    assert np.abs(again.array - (image.array * 0.9 + 5)).max() <= max(0.51 * step, 0.51) * 2


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    folder = images.series(tmp_path / "in", 4)
    image = read_image(folder)
    import adversaria.data.write as module

    count = {"left": 2}

    def full(handle):
        count["left"] -= 1
        if count["left"] < 0:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(UserError, match="No space left") as caught:
        write_image(image, tmp_path / "out", MARK, image)
    assert "bytes" in caught.value.message and "Free some space" in caught.value.remedy
    count["left"] = 0
    with pytest.raises(UserError, match="No space left"):
        write_image(image, tmp_path / "out.nii.gz", MARK)
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_what_stands_there_survives_a_failed_write(tmp_path, monkeypatch):
    path = put(tmp_path / "a.bin", b"first")
    import adversaria.data.write as module

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(path, b"second")
    assert path.read_bytes() == b"first" and len(list(tmp_path.iterdir())) == 1


def test_no_name_comes_from_a_tag(tmp_path):
    folder = images.series(tmp_path / "in", 2, SeriesDescription="../../evil", PatientComments="/etc/passwd")
    image = read_image(folder)
    write_image(image, tmp_path / "deep" / "out", MARK, image)
    assert sorted(p.name for p in (tmp_path / "deep" / "out").iterdir()) == ["00001.dcm", "00002.dcm"]
    assert not (tmp_path / "evil").exists()


def test_formats_that_cannot_hold_the_image_are_refused(tmp_path):
    volume = Image(np.zeros((1, 4, 4, 4), np.float32))
    with pytest.raises(UserError, match="volume"):
        write_image(volume, tmp_path / "a.png", MARK)
    folder = images.series(tmp_path / "in", 2)
    source = read_image(folder)
    with pytest.raises(UserError, match="colour"):
        write_image(source.like(np.repeat(source.array, 3, 0)), tmp_path / "out", MARK, source)
    assert write_image(volume, tmp_path / "plain", MARK).name == "plain.nii.gz"
