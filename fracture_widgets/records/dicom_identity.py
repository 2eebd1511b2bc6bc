"""Whose study a DICOM report belongs to: nobody's, unless the caller says otherwise."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date

from pydicom import dcmread
from pydicom.dataset import Dataset

from fracture_widgets.errors import UnreadableRadiograph

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_SIZE = ("NumberOfFrames", "Rows", "Columns")
SUBJECT = {
    "PatientID": "patient_id",
    "PatientName": "patient_name",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "AccessionNumber": "accession_number",
    "StudyID": "study_id",
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "ReferringPhysicianName": "referring_physician_name",
}
"""What says whose study it is, and highdicom's names for it."""

_DATE = r"\d{8}"
_ALLOWED = {
    "PatientBirthDate": _DATE,
    "PatientSex": "[MFO]",
    "StudyDate": _DATE,
    "StudyTime": r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?",
}


@dataclass(frozen=True, repr=False)
class Identity:
    """What ties a report to a patient's study; it is never shown when printed."""

    source: Dataset


def read_identity(data: bytes, name: str) -> Identity:
    """Read from a DICOM file what ties a report to the study that the file is of."""
    try:
        found = dcmread(io.BytesIO(data), force=True, specific_tags=[*_UIDS, *SUBJECT, *_SIZE])
        source = Dataset()
        for keyword in SUBJECT:
            # As text, for the report is written in another character set than the radiograph.
            text = str(found.get(keyword) or "")
            setattr(source, keyword, text if _is_valid(keyword, text) else None)
        for keyword in _UIDS:
            setattr(source, keyword, str(found[keyword].value))
        for keyword in _SIZE:
            setattr(source, keyword, int(found.get(keyword) or 1))
    except Exception as error:
        raise UnreadableRadiograph(
            f"{name} does not say which study and image it is: make its report without the "
            "patient's identity."
        ) from error
    return Identity(source)


def _is_valid(keyword: str, text: str) -> bool:
    """Tell whether the standard allows a value: what it does not allow is left out."""
    allowed = _ALLOWED.get(keyword)
    if not text or (allowed is not None and re.fullmatch(allowed, text) is None):
        return False
    if allowed == _DATE:
        try:
            date.fromisoformat(text)
        except ValueError:
            return False
    return True
