"""``fracture-widgets predict``: a line for every file, and the exit code."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from picture_files import dicom_file, limb
from PIL import Image
from pydicom import dcmread

from fracture_widgets import sample_phantoms
from fracture_widgets.cli import main
from fracture_widgets.models.folder import load_model_folder

pytestmark = pytest.mark.usefixtures("answered_once")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("radiographs")
    (folder / "deeper").mkdir()
    for name, sample in zip(("a.png", "deeper/b.png"), sample_phantoms(), strict=False):
        (folder / name).write_bytes(sample.radiograph.to_png())
    (folder / "notes.txt").write_text("no radiograph")
    (folder / "c.png").write_text("text, renamed")
    return folder


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.slow
def test_json_has_one_object_for_every_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", str(folder)]) == 1
    lines = _lines(capsys)
    assert [Path(str(line["path"])).name for line in lines] == ["a.png", "c.png", "b.png"]
    assert set(lines[0]) == {
        *("path", "schema", "body_part", "body_part_probability", "findings", "joints"),
        *("label", "fracture_probability", "calibrated_probability", "model", "warnings"),
        *("verdict", "refused", "reason", "overridden", "doubt_from", "fracture_from"),
        *("operating_point", "override_reason"),
    }
    assert set(lines[1]) == {"path", "schema", "error"}


@pytest.mark.slow
def test_the_operating_point_changes_the_limits_and_no_probability(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for words in ([], ["--operating-point", "sensitive"], ["--operating-point", "balanced"]):
        assert main(["predict", "--json", str(folder / "a.png"), *words]) == 0
        (line,) = _lines(capsys)
        told.append(line)
    usual, sensitive, balanced = told
    assert usual == sensitive
    limits = load_model_folder().card["trust"]["parts"]["elbow"]["points"]["balanced"]["band"]
    assert (balanced["doubt_from"], balanced["fracture_from"]) == (limits["low"], limits["high"])
    changed = {name for name in usual if usual[name] != balanced[name]}
    limits_and_point = {"doubt_from", "fracture_from", "operating_point", "model"}
    assert limits_and_point <= changed <= {*limits_and_point, "verdict"}
    assert (usual["operating_point"], balanced["operating_point"]) == ("sensitive", "balanced")
    assert main(["predict", str(folder / "a.png"), "--operating-point", "balanced"]) == 0
    assert ", balanced operating point)" in capsys.readouterr().out


@pytest.mark.slow
def test_good_files_alone_are_a_success(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(folder / "a.png"), str(folder / "deeper")]) == 0
    answer, _ = capsys.readouterr().out.splitlines()
    assert "a.png: elbow (" in answer


@pytest.mark.slow
def test_a_bad_file_is_said_on_the_error_stream(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(folder / "c.png"), str(folder / "a.png")]) == 1
    shown = capsys.readouterr()
    assert "c.png" in shown.err
    assert "a.png" in shown.out


@pytest.mark.slow
def test_what_is_answered_all_the_same_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = tmp_path / "grey.png"
    Image.new("L", (300, 400), 90).save(grey)
    told = {}
    for words in ([], ["--override-gate"], ["--override-gate", "--reason", " for my\nlecture "]):
        assert main(["predict", "--json", str(grey), *words]) == 0
        (line,) = _lines(capsys)
        told[words[-1] if words else ""] = line["overridden"], line["override_reason"]
    assert [*told.values()] == [(False, ""), (True, ""), (True, "for mylecture")]
    reports = tmp_path / "reports"
    asked = ["--override-gate", "--reason", "for my lecture"]
    assert main(["predict", str(grey), *asked, "--report", str(reports), "--format", "json"]) == 0
    (written,) = reports.iterdir()
    assert '"override_reason": "for my lecture"' in written.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--reason", "for my lecture"], "add --override-gate"),
        (["--override-gate", "--reason", "x" * 201], "1 to 200 characters, and this one 201"),
        (["--override-gate", "--reason", " "], "1 to 200 characters, and this one 0"),
    ],
)
def test_a_reason_that_is_none_is_refused_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(["predict", str(folder / "a.png"), *words]) != 0
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_an_empty_folder_and_a_missing_file_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", str(tmp_path), str(tmp_path / "none.png")]) == 1
    errors = [str(line["error"]) for line in _lines(capsys)]
    assert "holds no radiographs" in errors[0]
    assert "none.png" in errors[1]


@pytest.mark.slow
def test_heatmaps_are_written_beside_each_other(folder: Path, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    files = [str(folder / "a.png"), str(folder / "deeper" / "b.png")]
    assert main(["predict", *files, "--heatmap", str(maps)]) == 0
    written = sorted(maps.iterdir())
    assert [path.name.split("-")[0] for path in written] == ["a", "b"]
    with Image.open(written[0]) as heatmap, Image.open(files[0]) as radiograph:
        assert heatmap.size == radiograph.size


def test_a_models_folder_without_a_model_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(folder / "a.png"), "--models", str(tmp_path)]) == 1
    assert "card.json is missing" in capsys.readouterr().err


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mura")
    home = folder / "DOE_JANE" / "patient00001" / "study1_positive"
    home.mkdir(parents=True)
    for number, sample in enumerate(sample_phantoms()[:2], 1):
        (home / f"image{number}.png").write_bytes(sample.radiograph.to_png())
    return folder


@pytest.mark.slow
def test_a_study_gets_a_line_over_its_views(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--json", str(study)]) == 0
    first, second, whole = _lines(capsys)
    probabilities = [float(str(view["fracture_probability"])) for view in (first, second)]
    assert first["study"] == second["study"] == whole["study"] == 1
    assert whole["views"] == 2
    assert whole["calibrated_probability"] == pytest.approx(sum(probabilities) / 2, abs=1e-6)
    highest = (first, second)[probabilities.index(max(probabilities))]
    assert whole["highest"] == highest["path"]


@pytest.mark.slow
def test_a_zip_archive_is_answered_like_the_folder(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = shutil.make_archive(str(tmp_path / "study"), "zip", study)
    assert main(["predict", archive]) == 0
    first, second, whole = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{archive}/image1.png: ")
    assert second.endswith(", study 1")
    assert whole.startswith("Study 1: ")
    assert "the gravest of 2 views (fracture " in whole
    assert "DOE" not in first + second + whole


@pytest.mark.slow
def test_what_a_zip_archive_holds_besides_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("notes.txt", "no radiograph" * 40)
        packed.writestr("a.png", sample_phantoms()[0].radiograph.to_png())
    assert main(["predict", str(archive)]) == 0
    shown = capsys.readouterr()
    assert "1 file skipped: 1 not a picture. --skipped names them." in shown.err
    assert "a.png: elbow (" in shown.out
    assert main(["predict", "--skipped", str(archive)]) == 0
    assert "study.zip/notes.txt: skipped, not a picture" in capsys.readouterr().err


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scans") / "scan.dcm"
    uids = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.4.5"}
    path.write_bytes(dicom_file(limb(), **uids))
    return path


@pytest.mark.slow
def test_reports_are_written_in_the_formats_asked_for(folder: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    asked = ["--report", str(reports), "--format", "csv, JSON"]
    assert main(["predict", str(folder / "a.png"), str(folder / "deeper"), *asked]) == 0
    names = [path.name for path in reports.iterdir()]
    assert sorted(name.split("-")[0] + Path(name).suffix for name in names) == [
        *("a.csv", "a.json", "b.csv", "b.json")
    ]


@pytest.mark.slow
def test_a_report_is_a_pdf_unless_asked_otherwise(folder: Path, tmp_path: Path) -> None:
    assert main(["predict", str(folder / "a.png"), "--report", str(tmp_path)]) == 0
    (report,) = tmp_path.iterdir()
    assert report.read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_a_dicom_report_of_another_file_fails_and_the_rest_is_written(
    folder: Path, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--report", str(tmp_path), "--format", "dicom,json"]
    assert main(["predict", str(folder / "a.png"), str(scan), *asked]) == 1
    assert "a.png is no DICOM file" in capsys.readouterr().err
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.split("-", 2)[::2] for name in names] == [
        ["a", "report.json"],
        ["report", "secondary-capture.dcm"],
        ["report", "structured-report.dcm"],
        ["scan", "report.json"],
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("option", "patient"), [([], ""), (["--keep-identity"], "Doe^Jane")])
def test_dicom_reports_carry_a_patient_only_when_asked(
    scan: Path, tmp_path: Path, option: list[str], patient: str
) -> None:
    asked = ["--report", str(tmp_path), "--format", "dicom", *option]
    assert main(["predict", str(scan), *asked]) == 0
    for path in tmp_path.iterdir():
        assert dcmread(path).PatientName == patient


def test_an_identity_without_a_dicom_report_is_one_sentence(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(scan), "--report", str(tmp_path), "--keep-identity"]) == 1
    assert "add --report DIR and --format dicom" in capsys.readouterr().err


def test_an_unknown_format_is_named_with_the_known_ones(
    scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(scan), "--report", "x", "--format", "pdf,doc"]) == 2
    assert "'doc' is no format: choose among pdf, png, csv, json, dicom" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_a_hyphen_is_what_standard_input_holds(
    folder: Path, packed: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    content = (folder / "a.png").read_bytes()
    if packed:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("study1/a.png", content)
        content = (tmp_path / "x.zip").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main(["predict", "-", str(folder / "a.png")]) == 0
    piped, named = capsys.readouterr().out.splitlines()
    place = "standard input/a.png: " if packed else "standard input: "
    answer = named.partition(".png: ")[2]
    assert piped.startswith(place + answer)


def test_an_empty_standard_input_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main(["predict", "-", "--quiet"]) == 1
    assert "standard input: " in capsys.readouterr().err


@pytest.mark.slow
def test_a_study_of_several_views_has_a_document_of_its_own(folder: Path, tmp_path: Path) -> None:
    from pypdf import PdfReader

    home, reports = tmp_path / "study1", tmp_path / "reports"
    home.mkdir()
    for name in ("a", "b"):
        shutil.copyfile(folder / "a.png", home / f"{name}.png")
    assert main(["predict", str(home), "--report", str(reports)]) == 0
    names = sorted(path.name.split("-", 1)[0] for path in reports.iterdir())
    assert names == ["a", "a", "b"]
    (document,) = reports.glob("*-study.pdf")
    pages = PdfReader(document).pages
    assert len(pages) == 3
    assert main(["predict", str(home), "--report", str(tmp_path), "--format", "json"]) == 0
    assert list(tmp_path.glob("*-study.pdf")) == []


@pytest.mark.slow
def test_quiet_keeps_what_is_answered_and_what_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = []
    for option in ([], ["--quiet"], ["-q"], ["--verbose"]):
        assert main(["predict", str(folder), *option]) == 1
        shown.append(capsys.readouterr())
    usual, quiet, short, verbose = shown
    assert {each.out for each in shown} == {usual.out}
    assert "1 file skipped" in usual.err
    assert quiet.err == short.err == usual.err.partition("1 file skipped")[0]
    assert "c.png" in quiet.err
    assert usual.err in verbose.err
