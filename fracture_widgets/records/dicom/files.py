"""The two DICOM files of a report, made together: the document refers to the image."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec

from pydicom.dataset import Dataset

from fracture_widgets.errors import MissingExtra
from fracture_widgets.models.report import Report
from fracture_widgets.records.dicom.capture import secondary_capture
from fracture_widgets.records.dicom.document import structured_report
from fracture_widgets.records.dicom.header import Header
from fracture_widgets.records.dicom.identity import Identity

__all__ = ["DicomReport", "report_dicom"]

_UNNAMED = "not named here"


@dataclass(frozen=True)
class DicomReport:
    """The two DICOM files of a report."""

    secondary_capture: bytes
    structured_report: bytes

    def to_zip(self, made_at: datetime) -> bytes:
        """Return both in one ZIP archive, as ``secondary-capture.dcm`` and so on."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("secondary_capture", "structured_report"):
                entry = zipfile.ZipInfo(f"{name.replace('_', '-')}.dcm", made_at.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, getattr(self, name))
        return file.getvalue()


def report_dicom(
    report: Report, *, made_at: datetime | None = None, identity: Identity | None = None
) -> DicomReport:
    """Return a report as DICOM files."""
    if find_spec("highdicom") is None:
        raise MissingExtra("A DICOM report", "dicom-reports")
    shown = report if identity is not None else _unnamed(report)
    moment = (made_at or datetime.now(UTC)).astimezone(UTC)
    header = Header(_seed(report, moment, identity), moment, report.model, identity)
    capture = secondary_capture(shown, header)
    evidence = [capture] if identity is None else [identity.source, capture]
    # Written before the document is made: highdicom lets the two share their patient's elements.
    written = _written(capture)
    return DicomReport(written, _written(structured_report(shown, header, evidence)))


def _unnamed(report: Report) -> Report:
    """Take the file's name, which is often a patient's, out of all that is said."""
    name = report.radiograph.name
    radiograph = replace(
        report.radiograph,
        name=_UNNAMED,
        warnings=tuple(x.replace(name, "The file") for x in report.radiograph.warnings),
    )
    answer = replace(report.answer, refusal=report.answer.refusal.replace(name, "The file"))
    return replace(report, radiograph=radiograph, answer=answer)


def _seed(report: Report, moment: datetime, identity: Identity | None) -> str:
    study = "" if identity is None else str(identity.source.StudyInstanceUID)
    said = json.dumps([report.to_dict(), moment.isoformat(), study], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _written(instance: Dataset) -> bytes:
    file = io.BytesIO()
    instance.save_as(file, enforce_file_format=True)
    return file.getvalue()
