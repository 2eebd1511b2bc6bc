from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO

import pytest
from known_reports import MADE_AT, known_report

from fracture_widgets.errors import FractureWidgetsError, MissingExtra
from fracture_widgets.records.formats import ReportFormat, formats_for, report_file, save_report


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name", "mime", "beginning"),
    [
        (ReportFormat.PDF, "fracture-report-hand.pdf", "application/pdf", b"%PDF"),
        (ReportFormat.PNG, "fracture-report-hand.png", "image/png", b"\x89PNG"),
        (ReportFormat.CSV, "fracture-report-hand.csv", "text/csv", b"\xef\xbb\xbfnotice"),
        (ReportFormat.JSON, "fracture-report-hand.json", "application/json", b"{"),
        (ReportFormat.DICOM, "fracture-report-aaaaaaaa-dicom.zip", "application/zip", b"PK"),
    ],
)
def test_a_report_is_a_file_of_the_format_asked_for(kind, name, mime, beginning):
    file = report_file(known_report(source_format="DICOM"), kind, made_at=MADE_AT)
    assert (file.name, file.mime) == (name, mime)
    assert file.content.startswith(beginning)


def test_only_dicom_files_have_dicom_reports():
    assert ReportFormat.DICOM in formats_for(known_report(source_format="DICOM"))
    assert ReportFormat.DICOM not in formats_for(known_report())
    with pytest.raises(FractureWidgetsError, match=r"hand\.png is no DICOM file, .*choose pdf"):
        report_file(known_report(), ReportFormat.DICOM)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("left hand <1>.png", "left-hand-1"),
        ("../../etc/passwd", "passwd"),
        ("...", "radiograph"),
        ("<>", "radiograph"),
        ("žena\u202e.png", "žena"),
        ("x" * 300 + ".png", "x" * 120),
    ],
)
def test_the_files_name_is_made_of_letters_of_the_radiographs(name, stem):
    file = report_file(known_report(name=name), ReportFormat.JSON)
    assert file.name == f"fracture-report-{stem}.json"


@pytest.mark.slow
def test_the_archive_holds_both_dicom_files():
    file = report_file(known_report(source_format="DICOM"), ReportFormat.DICOM)
    with zipfile.ZipFile(BytesIO(file.content)) as archive:
        assert archive.namelist() == ["secondary-capture.dcm", "structured-report.dcm"]
        assert all(archive.read(name)[128:132] == b"DICM" for name in archive.namelist())


@pytest.mark.slow
def test_reports_are_saved_into_a_folder_beside_each_other(tmp_path):
    folder = tmp_path / "new" / "reports"
    report = known_report(source_format="DICOM")
    for kind in ReportFormat:
        for path in save_report(report, folder, kind, made_at=MADE_AT):
            assert path.stat().st_size > 100
    assert sorted(path.name for path in folder.iterdir()) == [
        "hand-aaaaaaaa-report.csv",
        "hand-aaaaaaaa-report.json",
        "hand-aaaaaaaa-report.pdf",
        "hand-aaaaaaaa-report.png",
        "report-aaaaaaaa-secondary-capture.dcm",
        "report-aaaaaaaa-structured-report.dcm",
    ]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FractureWidgetsError, match=r"on hand\.png could not be written .*another"):
        save_report(known_report(), tmp_path / "file" / "in", ReportFormat.JSON)


def test_without_highdicom_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    assert ReportFormat.DICOM not in formats_for(known_report(source_format="DICOM"))
    with pytest.raises(MissingExtra, match=r"fracture-widgets\[dicom-reports\]"):
        report_file(known_report(source_format="DICOM"), ReportFormat.DICOM)


def test_offering_reports_loads_none_of_what_makes_them():
    code = (
        "import sys; from fracture_widgets.records.formats import formats_for; "
        "print({'matplotlib', 'highdicom', 'pydicom'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
