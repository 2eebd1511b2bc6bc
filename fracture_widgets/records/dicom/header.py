"""What both DICOM reports say of themselves: the study, the software, the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

from fracture_widgets.base.version import __version__
from fracture_widgets.records.dicom.identity import Identity
from fracture_widgets.records.dicom.uids import derived_uid

__all__ = ["MAKER", "Header"]

MAKER = "Fracture Widgets"
"""Manufacturer, model and algorithm."""

_DEIDENTIFIED_BY = "No attribute of the source is kept; new UIDs"


@dataclass(frozen=True)
class Header:
    """What the two instances of one report have in common."""

    seed: str
    made_at: datetime
    model: str
    identity: Identity | None = None

    def uid(self, of: str) -> str:
        """Return the UID of the ``"study"``, of a series or of an instance."""
        return derived_uid(self.seed, of)

    @property
    def study_uid(self) -> str:
        """The source's study where its identity is kept, else one of its own."""
        if self.identity is not None:
            return str(self.identity.source.StudyInstanceUID)
        return self.uid("study")

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
        if self.identity is not None:
            source = self.identity.source
        else:
            source = Dataset()
            source.StudyDate = self.made_at.strftime("%Y%m%d")
            source.StudyTime = self.made_at.strftime("%H%M%S")
        return {
            "patient_id": source.get("PatientID"),
            "patient_name": source.get("PatientName"),
            "patient_birth_date": source.get("PatientBirthDate"),
            "patient_sex": source.get("PatientSex"),
            "accession_number": source.get("AccessionNumber"),
            "study_id": source.get("StudyID"),
            "study_date": source.get("StudyDate"),
            "study_time": source.get("StudyTime"),
            "referring_physician_name": source.get("ReferringPhysicianName"),
        }

    def complete(self, instance: Dataset, *, pixels: bool) -> None:
        """Put in the time, and whether the patient's identity is removed."""
        instance.TimezoneOffsetFromUTC = "+0000"
        instance.InstanceCreationDate = self.made_at.strftime("%Y%m%d")
        instance.InstanceCreationTime = self.made_at.strftime("%H%M%S")
        for equipment in instance.get("ContributingEquipmentSequence", ()):
            equipment.ContributionDateTime = self.made_at.strftime("%Y%m%d%H%M%S+0000")
        if self.identity is None:
            instance.PatientIdentityRemoved = "NO" if pixels else "YES"
            instance.DeidentificationMethod = _DEIDENTIFIED_BY
            instance.LongitudinalTemporalInformationModified = "REMOVED"
