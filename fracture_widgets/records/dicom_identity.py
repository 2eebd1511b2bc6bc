"""Whose study a DICOM report belongs to: nobody's, unless the caller says otherwise."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset

from fracture_widgets.base import __version__
from fracture_widgets.errors import UnreadableRadiograph

MAKER = "Fracture Widgets"
"""Manufacturer, model and algorithm."""

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

_DEIDENTIFIED_BY = "No attribute of the source is kept; new UIDs"
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


@dataclass(frozen=True)
class Header:
    """What the two instances of one report have in common."""

    seed: str
    made_at: datetime
    model: str
    source: Dataset | None

    def uid(self, of: str) -> str:
        """Return the UID of the ``"study"``, of a series or of an instance."""
        return derived_uid(self.seed, of)

    @property
    def date(self) -> str:
        """The day on which it is made, as DICOM writes it."""
        return self.made_at.strftime("%Y%m%d")

    @property
    def time(self) -> str:
        """The time at which it is made, as DICOM writes it."""
        return self.made_at.strftime("%H%M%S")

    def software(self) -> dict[str, Any]:
        """Return highdicom's arguments on what makes the instance, and when."""
        return {
            "manufacturer": MAKER,
            "manufacturer_model_name": MAKER,
            "software_versions": __version__,
            # A serial number is a long string of at most 64 letters: just what a sha256 is.
            "device_serial_number": self.model[:64],
            "content_date": self.made_at.date(),
            "content_time": self.made_at.time(),
            "series_date": self.made_at.date(),
            "series_time": self.made_at.time(),
            "series_description": f"{MAKER} report",
            "specific_character_set": "ISO_IR 192",
        }

    def subject(self) -> dict[str, Any]:
        """Return highdicom's arguments on patient and study; without an identity, all empty."""
        if self.source is None:
            nobody: dict[str, Any] = dict.fromkeys(SUBJECT.values())
            return nobody | {"study_date": self.date, "study_time": self.time}
        return {argument: self.source.get(keyword) for keyword, argument in SUBJECT.items()}

    def complete(self, instance: Dataset, *, pixels: bool) -> None:
        """Put in the time, and whether the patient's identity is removed."""
        instance.TimezoneOffsetFromUTC = "+0000"
        instance.InstanceCreationDate = self.date
        instance.InstanceCreationTime = self.time
        for equipment in instance.get("ContributingEquipmentSequence", ()):
            equipment.ContributionDateTime = f"{self.date}{self.time}+0000"
        if self.source is None:
            instance.PatientIdentityRemoved = "NO" if pixels else "YES"
            instance.DeidentificationMethod = _DEIDENTIFIED_BY
            instance.LongitudinalTemporalInformationModified = "REMOVED"


def derived_uid(*names: str) -> str:
    """Return a UID below 2.25, the arc of UUIDs, that nobody can trace back to the names."""
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"
