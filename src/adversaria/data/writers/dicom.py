"""A derived DICOM series: the source's geometry, new identifiers, references, and the synthetic mark."""

import copy
import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adversaria import __version__
from adversaria.data.image import Image
from adversaria.vocabulary import UserError

if TYPE_CHECKING:
    from adversaria.data.write import Mark

# attributes of acquisition and geometry that are copied; everything else is dropped
KEPT = (
    "SpecificCharacterSet", "SOPClassUID", "Modality", "Manufacturer", "ManufacturerModelName", "PatientPosition",
    "BodyPartExamined", "SliceThickness", "SpacingBetweenSlices", "KVP", "ConvolutionKernel", "GantryDetectorTilt",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceLocation", "PositionReferenceIndicator",
    "RescaleType", "Units", "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "EchoTime",
    "RepetitionTime", "EchoTrainLength", "InversionTime", "FlipAngle", "MagneticFieldStrength", "ContrastBolusAgent",
    "XRayTubeCurrent", "ExposureTime", "Exposure", "ReconstructionDiameter", "DataCollectionDiameter", "FilterType",
    "AcquisitionNumber", "ImagedNucleus", "ImagingFrequency", "NumberOfAverages", "PercentSampling",
    "PercentPhaseFieldOfView", "PixelBandwidth", "VariableFlipAngleFlag", "SAR", "InPlanePhaseEncodingDirection",
    "DistanceSourceToDetector", "DistanceSourceToPatient", "TableHeight", "RotationDirection", "GeneratorPower",
    "FocalSpots", "ImagerPixelSpacing", "ViewPosition", "Laterality", "DecayCorrection", "CorrectedImage",
)  # fmt: skip
IDENTITY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize", "PatientWeight",
    "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "StudyDescription",
    "StudyInstanceUID", "FrameOfReferenceUID",
)  # fmt: skip
EMPTY = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID")


def write(image: Image, path: Path, mark: "Mark", like: Image, keep_identity: bool) -> Path:
    """Write one file a slice into the folder `path` (or one file, if `path` ends in .dcm)."""
    import pydicom
    from pydicom.uid import generate_uid

    from adversaria.data.write import put

    if image.array.shape[0] != 1:
        raise UserError("a colour image cannot be written as a derived DICOM series.", "Write it as TIFF.")
    planes = np.moveaxis(image.array[0], -1, 0) if image.array.ndim == 4 else image.array
    sources = [pydicom.dcmread(p, stop_before_pixels=True) for p in like.source]
    one = path.suffix.lower() == ".dcm"
    common = {"series": generate_uid(), "study": generate_uid(), "frame": generate_uid()}
    slope, inter = _rescale(image.array, sources[0])
    folder = path.parent if one else path
    temporary = folder.with_name(f".writing-{folder.name}-{os.getpid()}") if not one else folder
    try:
        for number, (plane, source) in enumerate(zip(planes, sources, strict=True), 1):
            data = _derived(source, number, common, mark, keep_identity, image)
            _pixels(data, plane, source, slope, inter, like.facts.get("inverted_about"))
            buffer = io.BytesIO()
            data.save_as(buffer, enforce_file_format=True)
            content = bytes(128) + buffer.getvalue()[128:]
            put(path if one else temporary / f"{number:05d}.dcm", content)
        if not one:
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
            os.replace(temporary, folder)
    except OSError:
        if not one:
            shutil.rmtree(temporary, ignore_errors=True)
        raise
    return path


def _rescale(array: Any, source: Any) -> tuple[float, float]:
    """Keep the source's slope and intercept where the values fit; else stretch over 16 bits."""
    slope = float(getattr(source, "RescaleSlope", 1) or 1)
    inter = float(getattr(source, "RescaleIntercept", 0) or 0)
    low, high = float(array.min()), float(array.max())
    if (low - inter) / slope >= -32768 and (high - inter) / slope <= 32767 and (high - low) / slope >= 255:
        return slope, inter
    return max((high - low) / 65000, 1e-6), (high + low) / 2


def _derived(source: Any, number: int, common: dict[str, str], mark: "Mark", keep_identity: bool, image: Image) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = Dataset()
    for name in (*KEPT, *(IDENTITY if keep_identity else ())):
        if name in source:
            data[name] = copy.deepcopy(source[name])
    for name in EMPTY if not keep_identity else ():
        setattr(data, name, "")
    data.AccessionNumber = data.get("AccessionNumber", "")
    data.ReferringPhysicianName = data.get("ReferringPhysicianName", "")
    if not keep_identity:
        data.StudyInstanceUID, data.FrameOfReferenceUID = common["study"], common["frame"]
        data.PatientIdentityRemoved, data.DeidentificationMethod = "YES", "attributes copied by an allow-list"
    data.SeriesInstanceUID, data.SOPInstanceUID = common["series"], generate_uid()
    data.SeriesNumber = int(source.get("SeriesNumber") or 0) + 1000
    data.InstanceNumber = number
    data.SeriesDescription = f"{mark.kind}: {mark.model}"[:64]
    kinds = [str(v) for v in source.get("ImageType", [])][2:] or ["OTHER"]
    data.ImageType = ["DERIVED", "SECONDARY", *kinds]
    data.SyntheticData = "YES"
    data.DerivationDescription = (
        f"adversaria {__version__}, {mark.model}, run {mark.run}, {mark.kind}, not for diagnosis"
    )
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = (
        source.SOPClassUID,
        source.SOPInstanceUID,
    )
    data.SourceImageSequence = [reference]
    data.BurnedInAnnotation = "NO"
    for name in ("AcquisitionDate", "ContentDate", "SeriesDate"):
        data.pop(name, None)
    if str(source.SOPClassUID) == "1.2.840.10008.5.1.4.1.1.2":
        data.setdefault("KVP", None)
        data.setdefault("AcquisitionNumber", None)
    data.setdefault("PositionReferenceIndicator", "")
    data.setdefault("Manufacturer", "")
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def _pixels(data: Any, plane: Any, source: Any, slope: float, inter: float, pivot: float | None) -> None:
    """Store one plane (rows, columns) as signed 16-bit integers."""
    from adversaria.data.write import whole_numbers

    values = plane if pivot is None else pivot - plane
    stored = whole_numbers((values.astype(np.float64) - inter) / slope, -32768, 32767).astype("<i2")
    data.Rows, data.Columns = stored.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = (
        1,
        "MONOCHROME2" if pivot is None else "MONOCHROME1",
    )
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    if "RescaleSlope" in source or (slope, inter) != (1.0, 0.0):
        data.RescaleSlope, data.RescaleIntercept = f"{slope:.10g}"[:16], f"{inter:.10g}"[:16]
    centre, width = float(values.max() + values.min()) / 2, max(float(values.max() - values.min()), 1.0)
    data.WindowCenter, data.WindowWidth = (
        f"{_window(source, 'WindowCenter', centre):.6g}",
        f"{_window(source, 'WindowWidth', width):.6g}",
    )
    data.PixelData = stored.tobytes()


def _window(source: Any, name: str, otherwise: float) -> float:
    value = source.get(name)
    if value in (None, ""):
        return otherwise
    return float(value[0] if hasattr(value, "__len__") and not isinstance(value, str) else value)
