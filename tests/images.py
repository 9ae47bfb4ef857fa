"""Small files for tests of reading and writing."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AFFINE = np.array([[-1.5, 0.1, 0, 90], [0, 1.2, 0.3, -126], [0.2, 0, 2.0, -72], [0, 0, 0, 1]])


def ramp(shape=(12, 10, 8)) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def nifti(path: Path, array=None, affine=AFFINE, dtype=None) -> Path:
    array = ramp() if array is None else array
    nibabel.save(nibabel.Nifti1Image(array, affine, dtype=dtype), path)
    return path


def dicom(
    path: Path, array=None, place=0.0, series="1.2.3.4", number=1, study="1.2.3", slope=1, intercept=-1024, **tags
) -> Path:
    """One CT slice with the attributes that a scanner writes."""
    array = (ramp((16, 16)) if array is None else array).astype(np.int16)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"{series} {number}"])
    data = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID = "Secret^Name", "ID-4711"
    data.PatientBirthDate, data.PatientSex = "19700101", "O"
    data.StudyInstanceUID, data.SeriesInstanceUID = study, series
    data.StudyID, data.StudyDate, data.StudyTime, data.AccessionNumber = "1", "20200101", "101010", "A1"
    data.ReferringPhysicianName = "Doctor^Secret"
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = "1.2.3.5", ""
    data.Modality, data.Manufacturer, data.ImageType = "CT", "adversaria test", ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.SeriesNumber, data.InstanceNumber, data.AcquisitionNumber = 2, number, 1
    data.ImagePositionPatient, data.ImageOrientationPatient = [-8.0, -8.0, place], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness, data.KVP = [0.5, 0.5], 2.0, "120"
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = slope, intercept, "HU"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = array.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.PixelData = array.tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, data, enforce_file_format=True)
    return path


def series(folder: Path, count=6, shape=(16, 16), step=2.0, **tags) -> Path:
    """A series whose file names do not follow its positions."""
    for number in range(count):
        image = ramp(shape) + 37 * number
        dicom(folder / f"f{(number * 7) % count:02d}.dcm", image, place=step * number, number=number + 1, **tags)
    return folder
