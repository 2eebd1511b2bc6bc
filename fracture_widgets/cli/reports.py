"""The options of ``predict`` that write reports."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fracture_widgets.cli.options import path_option
from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph

if TYPE_CHECKING:
    from fracture_widgets.models.report import Report
    from fracture_widgets.records.dicom_identity import Identity
    from fracture_widgets.records.formats import ReportFormat

__all__ = ["Formats", "KeepIdentity", "ReportFolder", "ReportWriter"]


def _known_formats(text: str) -> str:
    from fracture_widgets.records.formats import ReportFormat

    known = [kind.value for kind in ReportFormat]
    named = dict.fromkeys(name.strip().lower() for name in text.split(","))
    for name in named:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is no format: choose among {', '.join(known)}")
    return ",".join(named)


ReportFolder = Annotated[Path | None, path_option("DIR", "write each result into this folder")]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="LIST",
        parser=_known_formats,
        help="what --report writes, separated by commas: pdf (as if not given), png, csv, json, "
        "dicom; the last for DICOM files alone",
    ),
]
KeepIdentity = Annotated[
    bool,
    typer.Option(
        "--keep-identity",
        help="let DICOM reports join the patient's study; otherwise they carry no patient, no "
        "study and no UID of the file",
    ),
]


@dataclass(frozen=True)
class ReportWriter:
    """Writes reports as the command line asks for them."""

    folder: Path
    formats: tuple[ReportFormat, ...]
    keep_identity: bool

    @classmethod
    def asked_for(
        cls, folder: Path | None, formats: str, *, keep_identity: bool
    ) -> ReportWriter | None:
        """Return what ``--report`` asks for, or None without it."""
        names = formats.split(",")
        if keep_identity and (folder is None or "dicom" not in names):
            raise FractureWidgetsError(
                "Only a DICOM report can keep the patient's identity: add --report DIR and "
                "--format dicom."
            )
        if folder is None:
            return None
        from fracture_widgets.records.formats import ReportFormat

        return cls(folder, tuple(map(ReportFormat, names)), keep_identity)

    def write(self, report: Report, path: Path) -> None:
        """Write a report in every format."""
        from fracture_widgets.records.formats import ReportFormat, save_report

        made_at = datetime.now(UTC)
        problems = []
        for kind in self.formats:
            try:
                wanted = self.keep_identity and kind is ReportFormat.DICOM
                identity = _identity(report, path) if wanted else None
                save_report(report, self.folder, kind, made_at=made_at, identity=identity)
            except FractureWidgetsError as error:
                problems.append(error)
        if problems:
            raise problems[0]


def _identity(report: Report, path: Path) -> Identity | None:
    """Read whose study the file is of, if it is still the file that was examined."""
    from fracture_widgets.records.dicom_identity import read_identity

    if report.radiograph.source_format != "DICOM":
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableRadiograph(
            f"{path.name} cannot be read again ({error.strerror}): predict it again."
        ) from error
    if hashlib.sha256(data).hexdigest() != report.radiograph.sha256:
        raise UnreadableRadiograph(f"{path.name} changed while it was examined: predict it again.")
    return read_identity(data, path.name)
