"""The formats that a report is saved in."""

from __future__ import annotations

import enum
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.base import __version__
from fracture_widgets.base.files import portable_stem, write_whole
from fracture_widgets.base.language import NOTICE, gettext, marked
from fracture_widgets.base.tables import ENCODING, csv_text
from fracture_widgets.errors import FractureWidgetsError, MissingExtra
from fracture_widgets.figures.overlay import PLAIN
from fracture_widgets.imaging.radiograph import compact
from fracture_widgets.models.record import RECORD, RECORD_SCHEMA, record_of, rounded
from fracture_widgets.models.report import Report
from fracture_widgets.models.study import StudyReport

if TYPE_CHECKING:
    from fracture_widgets.figures.overlay import Look
    from fracture_widgets.records.dicom_identity import Identity
    from fracture_widgets.records.saved_result import SavedResult

_SPREAD = {"body_part_probabilities", "timings"}
"""What a row has in columns of its own, at its end."""

_MOST_BYTES = 2 << 30  # of radiographs that wait for the rest of their study


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
        return gettext(_LABELS[self][0])

    @property
    def mime(self) -> str:
        """The media type of its file."""
        return _LABELS[self][1]


_LABELS = {
    ReportFormat.PDF: (marked("PDF page"), "application/pdf"),
    ReportFormat.PNG: (marked("PNG page"), "image/png"),
    ReportFormat.CSV: (marked("CSV row"), "text/csv"),
    ReportFormat.JSON: ("JSON", "application/json"),
    ReportFormat.DICOM: (marked("DICOM image and report"), "application/zip"),
}


@dataclass(frozen=True)
class ReportFile:
    """A report as a file: its name, media type and bytes."""

    name: str
    mime: str
    content: bytes


def formats_for(report: Report) -> tuple[ReportFormat, ...]:
    """Return the formats that a report can be saved in here; DICOM is for DICOM radiographs."""
    dicom = _of_dicom(report) and find_spec("highdicom") is not None
    return tuple(x for x in ReportFormat if x is not ReportFormat.DICOM or dicom)


def _of_dicom(report: Report) -> bool:
    return report.radiograph.source_format == "DICOM"


def report_file(
    report: Report,
    kind: ReportFormat,
    *,
    made_at: datetime | None = None,
    look: Look = PLAIN,
    reading: SavedResult | None = None,
) -> ReportFile:
    """Return a report as one file, with how it was looked at, and what its reader concludes."""
    moment = made_at or datetime.now(UTC)
    contents = _contents(report, kind, moment, look=look, reading=reading)
    if kind is ReportFormat.DICOM:
        # The archive's name would be the file's, which is often the patient's.
        name, content = f"{report.radiograph.sha256[:8]}-dicom.zip", io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for file, data in contents.items():
                entry = zipfile.ZipInfo(file, moment.timetuple()[:6])
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return ReportFile(f"fracture-report-{name}", kind.mime, content.getvalue())
    (only,) = contents.values()
    return ReportFile(f"fracture-report-{_stem(report)}.{kind.value}", kind.mime, only)


def study_file(
    study: StudyReport,
    looks: Sequence[Look],
    readings: Sequence[SavedResult | None],
    *,
    made_at: datetime | None = None,
) -> ReportFile:
    """Return the report on a study as one document, with a page for each of its views."""
    from fracture_widgets.records.page import study_pages
    from fracture_widgets.records.sheet import to_pdf

    moment = made_at or datetime.now(UTC)
    pages = study_pages(study, [*zip(study.views, looks, readings, strict=True)], moment)
    name = f"fracture-report-study-{_stem(study.views[0])}.pdf"
    return ReportFile(name, ReportFormat.PDF.mime, to_pdf(pages, moment))


class StudyDocuments:
    """Gathers the reports on studies' views, and writes a document for each study of several.

    Radiographs wait for the rest of their study; where they take too much memory, those
    studies have no document, which is said at the end.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder, self._room = folder, _MOST_BYTES
        self._views: dict[str, list[Report]] = {}

    def add(self, study: str, report: Report) -> None:
        """Take a view's report."""
        if self._folder is not None and self._room >= 0:
            kept = replace(report, radiograph=compact(report.radiograph))
            self._room -= kept.radiograph.nbytes
            self._views.setdefault(study, []).append(kept)

    def write(self) -> None:
        """Write the documents."""
        if self._folder is None:
            return
        if self._room < 0:
            raise FractureWidgetsError(
                "These studies are too many for documents of their own: predict some at a time."
            )
        for views in self._views.values():
            if len(views) > 1:
                study = StudyReport.of(views)
                file = study_file(study, [PLAIN] * len(views), [None] * len(views))
                first = study.views[0].radiograph
                name = f"{_stem(study.views[0])}-{first.sha256[:8]}-study.pdf"
                with _saving(f"The report on the study of {first.name}"):
                    write_whole(self._folder / name, file.content)


def save_report(
    report: Report,
    folder: Path,
    kind: ReportFormat,
    *,
    made_at: datetime | None = None,
    identity: Identity | None = None,
) -> list[Path]:
    """Write a report into a folder; one that is there under the same name is replaced."""
    name = "report" if kind is ReportFormat.DICOM else _stem(report)
    start = f"{name}-{report.radiograph.sha256[:8]}"
    contents = _contents(report, kind, made_at or datetime.now(UTC), identity=identity)
    with _saving(f"The report on {report.radiograph.name}"):
        return [write_whole(folder / f"{start}-{end}", data) for end, data in contents.items()]


@contextmanager
def _saving(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FractureWidgetsError(
            f"{what} could not be written ({error.strerror}): make room, or choose another folder."
        ) from error


def _contents(
    report: Report,
    kind: ReportFormat,
    moment: datetime,
    *,
    look: Look = PLAIN,
    reading: SavedResult | None = None,
    identity: Identity | None = None,
) -> dict[str, bytes]:
    """Return the files of a report in a format, by the end of their names."""
    if kind is ReportFormat.DICOM:
        if not _of_dicom(report):
            raise FractureWidgetsError(
                f"{report.radiograph.name} is no DICOM file, so its report is not one either: "
                "choose pdf, png, csv or json."
            )
        if find_spec("highdicom") is None:
            raise MissingExtra("A DICOM report", "dicom-reports")
        from fracture_widgets.records.dicom import report_dicom

        return report_dicom(report, moment, identity=identity, look=look, reading=reading)
    if kind is ReportFormat.CSV:
        content = report_csv(report, moment)
    elif kind is ReportFormat.JSON:
        content = report_json(report, moment)
    else:
        from fracture_widgets.records.page import report_page
        from fracture_widgets.records.sheet import to_pdf

        page = report_page(report, moment, look, reading)
        content = page.to_png() if kind is ReportFormat.PNG else to_pdf([page], moment)
    return {f"report.{kind.value}": content}


def report_json(report: Report, made_at: datetime) -> bytes:
    """Return a report as a JSON object."""
    return json.dumps(_head(made_at) | record_of(report), indent=2).encode() + b"\n"


def report_csv(report: Report, made_at: datetime) -> bytes:
    """Return a report as a CSV file: a header line, and one row that a table can collect."""
    record = rounded(record_of(report))
    parts = record["body_part_probabilities"] or dict.fromkeys(report.body_part_probabilities)
    row = (
        _head(made_at)
        | {x.name: x.cell(record[x.name]) for x in RECORD if x.name not in _SPREAD}
        | {f"{part}_probability": value for part, value in parts.items()}
        | {f"{step}_seconds": value for step, value in record["timings"].items()}
    )
    return csv_text(list(row), [list(row.values())]).encode(ENCODING, "replace")


def _head(made_at: datetime) -> dict[str, Any]:
    return {
        "notice": NOTICE,
        "version": __version__,
        "schema": RECORD_SCHEMA,
        "made_at": made_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _stem(report: Report) -> str:
    return portable_stem(report.radiograph.name, "radiograph")
