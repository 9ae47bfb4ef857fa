"""DICOM segmentation objects, by highdicom, an extra."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adversaria import __version__
from adversaria.data.image import Image
from adversaria.vocabulary import UserError

if TYPE_CHECKING:
    from adversaria.data.write import Mark


def write(image: Image, path: Path, mark: "Mark", like: Image, names: Mapping[int, str]) -> Path:
    """Write labels (1, *S) of a DICOM image as one binary SEG file that refers to its slices; a segment a class.

    A SEG belongs to its source's study and carries its identity, as the standard has it. UserError: highdicom is not
    installed, or the source is no DICOM.
    """
    import io

    import pydicom

    from adversaria.data.write import put

    sources = _sources(like)
    slices = [pydicom.dcmread(p) for p in sources]
    planes = np.moveaxis(image.array[0], -1, 0) if image.array.ndim == 4 else image.array
    found = np.rint(planes).astype(np.uint16)
    present = [value for value in names if (found == value).any()]
    if not present:
        raise UserError("nothing was found in this image, and a DICOM segmentation cannot be empty.",
                        "Give an output that ends in .nii.gz.")  # fmt: skip
    numbered = np.zeros(found.shape, np.uint8)
    for number, value in enumerate(present, 1):
        numbered[found == value] = number
    made = _made(slices, numbered, [names[value] for value in present], mark)
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return put(path, buffer.getvalue())


def _sources(like: Image) -> tuple[Path, ...]:
    if not (like.facts.get("modality") and like.source):
        raise UserError("a DICOM segmentation refers to DICOM images.", "Give an output that ends in .nii.gz or .png.")
    return like.source


def _made(slices: Any, numbered: Any, names: list[str], mark: "Mark") -> Any:
    try:
        import highdicom
        from highdicom.seg import Segmentation, SegmentDescription
    except ImportError:
        raise UserError(
            "DICOM segmentation needs highdicom, which is not installed.",
            "Install it: pip install 'adversaria[seg]'. Or give an output that ends in .nii.gz.",
        ) from None
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    how = highdicom.AlgorithmIdentificationSequence(
        name=mark.model[:64], family=codes.DCM.ArtificialIntelligence, version=__version__
    )
    described = [
        SegmentDescription(
            segment_number=number,
            segment_label=name[:64],
            segmented_property_category=codes.SCT.AnatomicalStructure,
            segmented_property_type=codes.SCT.AnatomicalStructure,
            algorithm_type="AUTOMATIC",
            algorithm_identification=how,
        )
        for number, name in enumerate(names, 1)
    ]
    return Segmentation(
        source_images=slices,
        pixel_array=numbered,
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=int(slices[0].get("SeriesNumber") or 0) + 1000,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="adversaria",
        manufacturer_model_name=mark.model[:64],
        software_versions=__version__,
        device_serial_number=mark.run[:64] or "1",
        series_description=f"{mark.kind}: not for diagnosis"[:64],
    )
