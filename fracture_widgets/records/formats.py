"""The formats that a report is saved in."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from fracture_widgets.base.files import write_whole
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.models.report import Report

if TYPE_CHECKING:
    from fracture_widgets.records.dicom_identity import Identity

__all__ = ["ReportFile", "ReportFormat", "formats_for", "report_file", "save_report"]

_LONGEST_STEM = 80


class ReportFormat(enum.Enum):
    """A format; its value is what the command line calls it."""

    PDF = "pdf"
    PNG = "png"
    CSV = "csv"
    JSON = "json"
    DICOM = "dicom"

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS[self]


_LABELS = {
    ReportFormat.PDF: "PDF page",
    ReportFormat.PNG: "PNG page",
    ReportFormat.CSV: "CSV row",
    ReportFormat.JSON: "JSON",
    ReportFormat.DICOM: "DICOM image and report",
}


@dataclass(frozen=True)
class ReportFile:
    """A report as a file: its name, media type and bytes."""

    name: str
    mime: str
    content: bytes


def formats_for(report: Report) -> tuple[ReportFormat, ...]:
    """Return the formats that a report can be saved in; DICOM is for DICOM radiographs."""
    from_dicom = report.radiograph.source_format == "DICOM"
    return tuple(x for x in ReportFormat if x is not ReportFormat.DICOM or from_dicom)


def report_file(
    report: Report,
    kind: ReportFormat,
    *,
    made_at: datetime | None = None,
    identity: Identity | None = None,
) -> ReportFile:
    """Return a report as one file."""
    _check(report, kind)
    stem = f"fracture-report-{_stem(report)}"
    moment = made_at or datetime.now(UTC)
    match kind:
        case ReportFormat.PDF:
            from fracture_widgets.records.page import report_pdf

            return ReportFile(f"{stem}.pdf", "application/pdf", report_pdf(report, made_at=moment))
        case ReportFormat.PNG:
            from fracture_widgets.records.page import report_png

            return ReportFile(f"{stem}.png", "image/png", report_png(report, made_at=moment))
        case ReportFormat.CSV:
            from fracture_widgets.records.answer_table import report_csv

            return ReportFile(f"{stem}.csv", "text/csv", report_csv(report, made_at=moment))
        case ReportFormat.JSON:
            from fracture_widgets.records.answer_table import report_json

            return ReportFile(
                f"{stem}.json", "application/json", report_json(report, made_at=moment)
            )
        case ReportFormat.DICOM:
            from fracture_widgets.records.dicom import report_dicom

            both = report_dicom(report, made_at=moment, identity=identity)
            # The archive's name would be the file's, which is often the patient's.
            stem = f"fracture-report-{report.radiograph.sha256[:8]}"
            return ReportFile(f"{stem}-dicom.zip", "application/zip", both.to_zip(moment))


def save_report(
    report: Report,
    folder: Path,
    kind: ReportFormat,
    *,
    made_at: datetime | None = None,
    identity: Identity | None = None,
) -> list[Path]:
    """Write a report into a folder; one that is there under the same name is replaced."""
    _check(report, kind)
    written = []
    try:
        for ending, content in _contents(report, kind, made_at, identity):
            name = "report" if kind is ReportFormat.DICOM else _stem(report)
            path = folder / f"{name}-{report.radiograph.sha256[:8]}-{ending}"
            written.append(write_whole(path, content))
    except OSError as error:
        raise FractureWidgetsError(
            f"The report on {report.radiograph.name} could not be written ({error.strerror}): "
            "make room, or choose another folder."
        ) from error
    return written


def _contents(
    report: Report, kind: ReportFormat, made_at: datetime | None, identity: Identity | None
) -> Iterator[tuple[str, bytes]]:
    if kind is not ReportFormat.DICOM:
        file = report_file(report, kind, made_at=made_at)
        yield f"report.{kind.value}", file.content
        return
    from fracture_widgets.records.dicom import report_dicom

    both = report_dicom(report, made_at=made_at, identity=identity)
    yield "secondary-capture.dcm", both.secondary_capture
    yield "structured-report.dcm", both.structured_report


def _check(report: Report, kind: ReportFormat) -> None:
    if kind not in formats_for(report):
        raise FractureWidgetsError(
            f"{report.radiograph.name} is no DICOM file, so its report is not one either: "
            "choose pdf, png, csv or json."
        )


def _stem(report: Report) -> str:
    stem = re.sub(r"[^\w.-]+", "-", PurePath(report.radiograph.name).stem).strip("-.")
    return stem[:_LONGEST_STEM] or "radiograph"
