"""The formats that a report is saved in."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.tables import csv_text
from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.models.record import RECORD, RECORD_SCHEMA, record_of, rounded
from fracture_widgets.models.report import Report

if TYPE_CHECKING:
    from fracture_widgets.records.dicom_identity import Identity

__all__ = [
    "ReportFile",
    "ReportFormat",
    "formats_for",
    "report_csv",
    "report_file",
    "report_json",
    "save_report",
]

_LONGEST_STEM = 80
_SPREAD = {"body_part_probabilities", "timings"}
"""What a row has in columns of its own, at its end."""


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
            return ReportFile(f"{stem}.csv", "text/csv", report_csv(report, made_at=moment))
        case ReportFormat.JSON:
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


def report_json(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a JSON object."""
    return json.dumps(_head(made_at) | record_of(report), indent=2).encode() + b"\n"


def report_csv(report: Report, *, made_at: datetime | None = None) -> bytes:
    """Return a report as a CSV file: a header line, and one row that a table can collect."""
    record = rounded(record_of(report))
    parts = record["body_part_probabilities"] or dict.fromkeys(report.body_part_probabilities)
    row = (
        _head(made_at)
        | {x.name: x.cell(record[x.name]) for x in RECORD if x.name not in _SPREAD}
        | {f"{part}_probability": value for part, value in parts.items()}
        | {f"{step}_seconds": value for step, value in record["timings"].items()}
    )
    return csv_text(list(row), [list(row.values())]).encode("utf-8-sig", "replace")


def _head(made_at: datetime | None) -> dict[str, Any]:
    moment = (made_at or datetime.now(UTC)).astimezone(UTC)
    return {
        "notice": NOTICE,
        "version": __version__,
        "schema": RECORD_SCHEMA,
        "made_at": moment.isoformat(timespec="seconds"),
    }


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
