"""What every derived DICOM series must be, against its source: for tests."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom


def errors_of(path: Path) -> set[str]:
    """What dciodvfy complains of."""
    assert shutil.which("dciodvfy"), "dicom3tools is needed: see .ci/run"
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True).stderr
    found = {line.removeprefix("Error - ") for line in said.splitlines() if line.startswith("Error")}
    # its dictionary is older than the attribute SyntheticData (0008,001C), which DICOM 2023b brought
    return {e for e in found if "0x0008,0x001c" not in e.lower()}


def assert_derived(out: Path, source: Path, model: str) -> None:
    """Slice for slice: in the source's place, new identifiers, the source referenced, marked, nobody named."""
    before = {str(d.SOPInstanceUID): (d, path) for path in sorted(source.iterdir()) for d in [pydicom.dcmread(path)]}
    after = [pydicom.dcmread(path) for path in sorted(out.iterdir())]
    assert len(after) == len(before)
    uids = [str(d[name].value) for d in after for name in ("SOPInstanceUID",)]
    assert len(set(uids) | set(before)) == 2 * len(before)
    old = {str(d[name].value) for d, _ in before.values() for name in _SHARED if name in d}
    for name in _SHARED:
        assert len({str(d[name].value) for d in after}) == 1, name
        assert str(after[0][name].value) not in old, name
    identities = {str(d.get(n)) for d, _ in before.values() for n in _NAMES if d.get(n)}
    for data, path in zip(after, sorted(out.iterdir()), strict=True):
        (reference,) = data.SourceImageSequence
        true, place = before.pop(str(reference.ReferencedSOPInstanceUID))
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns"):
            assert data[name].value == true[name].value, name
        assert data[0x0008, 0x001C].value == "YES" and list(data.ImageType[:2]) == ["DERIVED", "SECONDARY"]
        assert model in data.DerivationDescription and "not for diagnosis" in data.DerivationDescription
        text = path.read_bytes().decode("latin-1")[: -len(data.PixelData)]
        assert not [word for word in identities if word in text], identities
        assert not errors_of(path) - errors_of(place), path
    normal = np.cross(*np.asarray(after[0].ImageOrientationPatient, float).reshape(2, 3))
    assert (np.diff([np.dot(normal, [float(v) for v in d.ImagePositionPatient]) for d in after]) > 0).all()


_SHARED = ("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
_NAMES = ("PatientName", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "AccessionNumber", "InstitutionName",
          "ReferringPhysicianName", "StudyDate", "DeviceSerialNumber", "StationName")  # fmt: skip
