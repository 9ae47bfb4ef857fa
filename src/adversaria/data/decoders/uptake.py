"""What a PET image says about the activity that was given: what an uptake value needs."""

from datetime import datetime
from typing import Any


def uptake_facts(data: Any) -> dict[str, float]:
    """Gather injected_activity (Bq), half_life (s), patient_weight (kg) and elapsed (s) of a PET image.

    `elapsed` runs from the injection to the time to which the image is decay-corrected: the start of the
    series (DecayCorrection START), or 0 where that is the injection (ADMIN). What is missing, not a
    positive number, or corrected otherwise is left out, and whoever needs it has to refuse.
    """
    if str(getattr(data, "Modality", "")) != "PT":
        return {}
    sequence = getattr(data, "RadiopharmaceuticalInformationSequence", None) or [None]
    drug = sequence[0]
    stated = {
        "injected_activity": getattr(drug, "RadionuclideTotalDose", None),
        "half_life": getattr(drug, "RadionuclideHalfLife", None),
        "patient_weight": getattr(data, "PatientWeight", None),
    }
    found = {name: float(value) for name, value in stated.items() if value is not None and float(value) > 0}
    elapsed = _elapsed(data, drug)
    return found if elapsed is None else {**found, "elapsed": elapsed}


def _elapsed(data: Any, drug: Any) -> float | None:
    corrected = str(getattr(data, "DecayCorrection", ""))
    if corrected == "ADMIN":
        return 0.0
    date, time = (str(getattr(data, name, "") or "") for name in ("SeriesDate", "SeriesTime"))
    given = str(getattr(drug, "RadiopharmaceuticalStartDateTime", "") or "")
    if not given:
        given = date + str(getattr(drug, "RadiopharmaceuticalStartTime", "") or "")
    start, end = _moment(given), _moment(date + time)
    if corrected != "START" or start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()


def _moment(text: str) -> datetime | None:
    """Read YYYYMMDDHHMMSS and a fraction; a zone is not read, both times are the scanner's."""
    digits = text.partition("+")[0].partition("-")[0].partition(".")
    try:
        whole = datetime.strptime(digits[0], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return whole.replace(microsecond=int((digits[2] + "000000")[:6]) if digits[2].isdigit() else 0)
