"""The formats that a report is saved in."""

from __future__ import annotations

import enum
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from fracture_widgets.base.files import portable_stem, write_whole
from fracture_widgets.base.language import gettext, marked
from fracture_widgets.base.tables import ENCODING, csv_text
from fracture_widgets.base.version import __version__
from fracture_widgets.base.words import NOTICE
from fracture_widgets.errors import FractureWidgetsError
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


_LABELS = {
    ReportFormat.PDF: (marked("PDF page"), "application/pdf"),
    ReportFormat.PNG: (marked("PNG page"), "image/png"),
    ReportFormat.CSV: (marked("CSV row"), "text/csv"),
    ReportFormat.JSON: ("JSON", "application/json"),
    ReportFormat.DICOM: (marked("DICOM image and report"), "application/zip"),
}


class Seen(TypedDict, total=False):
    """How a radiograph was looked at, and what its reader concludes."""

    look: Look
    reading: SavedResult | None


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
    identity: Identity | None = None,
    **seen: Unpack[Seen],
) -> ReportFile:
    """Return a report as one file; pictures show the radiograph as it was seen."""
    moment = made_at or datetime.now(UTC)
    contents = _contents(report, kind, moment, identity, **seen)
    if kind is ReportFormat.DICOM:
        # The archive's name would be the file's, which is often the patient's.
        name, content = f"{report.radiograph.sha256[:8]}-dicom.zip", _zipped(contents, moment)
    else:
        name, (content,) = f"{_stem(report)}.{kind.value}", contents.values()
    return ReportFile(f"fracture-report-{name}", _LABELS[kind][1], content)


def study_file(
    study: StudyReport,
    looks: Sequence[Look],
    readings: Sequence[SavedResult | None],
    *,
    made_at: datetime | None = None,
) -> ReportFile:
    """Return the report on a study as one document, with a page for each of its views."""
    from fracture_widgets.records.study_page import study_pdf

    content = study_pdf(study, looks=looks, readings=readings, made_at=made_at)
    name = f"fracture-report-study-{_stem(study.views[0])}.pdf"
    return ReportFile(name, _LABELS[ReportFormat.PDF][1], content)


class StudyDocuments:
    """Gathers the reports on studies' views, and writes a document for each study of several.

    Radiographs wait for the rest of their study; where they take more than ``most_bytes``, those
    studies have no document, which is said at the end.
    """

    def __init__(self, folder: Path | None, *, most_bytes: int = 2 << 30) -> None:
        self._folder, self._room = folder, most_bytes
        self._views: dict[str, list[Report]] = {}
        self._left_out = False

    def add(self, study: str, report: Report) -> None:
        """Take a view's report."""
        if self._folder is None or self._left_out:
            return
        kept = replace(report, radiograph=compact(report.radiograph))
        self._room -= kept.radiograph.nbytes
        self._left_out = self._room < 0
        self._views.setdefault(study, []).append(kept)

    def write(self) -> list[Path]:
        """Write the documents."""
        studies = [StudyReport.of(views) for views in self._views.values() if len(views) > 1]
        folder = self._folder
        if folder is None:
            return []
        if self._left_out:
            raise FractureWidgetsError(
                "These studies are too many for documents of their own: predict some at a time."
            )
        written = []
        for study in studies:
            file = study_file(study, [PLAIN] * len(study.views), [None] * len(study.views))
            first = study.views[0].radiograph
            name = f"{_stem(study.views[0])}-{first.sha256[:8]}-study.pdf"
            with _saving(f"The report on the study of {first.name}"):
                written.append(write_whole(folder / name, file.content))
        return written


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
    contents = _contents(report, kind, made_at or datetime.now(UTC), identity)
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
    identity: Identity | None,
    **seen: Unpack[Seen],
) -> dict[str, bytes]:
    """Return the files of a report in a format, by the end of their names."""
    if kind is ReportFormat.DICOM and not _of_dicom(report):
        raise FractureWidgetsError(
            f"{report.radiograph.name} is no DICOM file, so its report is not one either: "
            "choose pdf, png, csv or json."
        )
    match kind:
        case ReportFormat.CSV:
            content = report_csv(report, made_at=moment)
        case ReportFormat.JSON:
            content = report_json(report, made_at=moment)
        case ReportFormat.DICOM:
            from fracture_widgets.records.dicom import report_dicom

            return report_dicom(report, made_at=moment, identity=identity, **seen)
        case _:
            from fracture_widgets.records.page import report_pdf, report_png

            draw = report_pdf if kind is ReportFormat.PDF else report_png
            content = draw(report, made_at=moment, **seen)
    return {f"report.{kind.value}": content}


def _zipped(contents: Mapping[str, bytes], moment: datetime) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return file.getvalue()


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
    return csv_text(list(row), [list(row.values())]).encode(ENCODING, "replace")


def _head(made_at: datetime | None) -> dict[str, Any]:
    moment = (made_at or datetime.now(UTC)).astimezone(UTC)
    return {
        "notice": NOTICE,
        "version": __version__,
        "schema": RECORD_SCHEMA,
        "made_at": moment.isoformat(timespec="seconds"),
    }


def _stem(report: Report) -> str:
    return portable_stem(report.radiograph.name, "radiograph")
