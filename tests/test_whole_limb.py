"""One radiograph of several joints, by every way out: the same boxes, verdicts and names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from drawn_boxes import marked, measured_box, picture_in, whole
from picture_files import dicom_file
from pydicom import dcmread
from scripted_looks import drawn_limb, three_joints
from synchronous import SynchronousExecutor

from fracture_widgets.app.workbench import Workbench
from fracture_widgets.cli import main
from fracture_widgets.figures.palette import FOUND, JOINT
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.verdict_words import joint_in_words
from fracture_widgets.records.history import History

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("answered_once")]

Boxes = list[list[float]]
_NOT_EXAMINED = "What lies outside these joints is not examined."
_ARCHIVE = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.4.5"}


@pytest.fixture(scope="module")
def limb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM file of a hand, an elbow and a shoulder side by side."""
    file = tmp_path_factory.mktemp("limb") / "limb.dcm"
    file.write_bytes(dicom_file(drawn_limb().to_uint8(), **_ARCHIVE))
    return file


@pytest.fixture(scope="module")
def predicted(
    limb: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Path]]:
    """What ``predict --json`` says of it, and the reports that it writes, by their endings."""
    out = tmp_path_factory.mktemp("reports")
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cascade, "load", lambda *_, **__: three_joints())
        patch.setattr("sys.stdout", said)
        words = ["predict", str(limb), "--json", "--report", str(out), "--keep-identity"]
        assert main([*words, "--format", "pdf,csv,json,dicom"]) == 0
    files = {file.name.rpartition("-")[2]: file for file in out.iterdir()}
    return json.loads(said.getvalue()), files


@pytest.fixture(scope="module")
def record(predicted: tuple[dict[str, Any], dict[str, Path]]) -> dict[str, Any]:
    return predicted[0]


@pytest.fixture(scope="module")
def files(predicted: tuple[dict[str, Any], dict[str, Path]]) -> dict[str, Path]:
    return predicted[1]


def boxes(record: dict[str, Any], name: str) -> Boxes:
    """Return the boxes that people are shown: of findings, those of joints with a fracture."""
    shown = {
        place
        for joint in record["joints"]
        if joint["verdict"] != "none seen"
        for place in joint["findings"]
    }
    return [
        said["box"] for place, said in enumerate(record[name]) if name == "joints" or place in shown
    ]


def test_each_joint_is_answered_and_has_its_findings(record: dict[str, Any]) -> None:
    joints = record["joints"]
    assert [(joint["body_part"], joint["verdict"]) for joint in joints] == [
        ("hand", "fracture"),
        ("shoulder", "none seen"),
        ("elbow", "none seen"),
    ]
    lefts = {joint["body_part"]: joint["box"][0] for joint in joints}
    assert lefts["hand"] < lefts["elbow"] < lefts["shoulder"]
    for joint in joints:
        (finding,) = (record["findings"][place] for place in joint["findings"])
        assert finding["body_part"] == joint["body_part"]
        left, _, right, _ = finding["box"]
        assert joint["box"][0] < (left + right) / 2 < joint["box"][2]
    assert len(boxes(record, "findings")) == 1


def test_in_words_each_joint_has_a_line(
    limb: Path,
    record: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Cascade, "load", lambda *_, **__: three_joints())
    assert main(["predict", str(limb)]) == 0
    first, *joints, last = capsys.readouterr().out.splitlines()
    assert "hand (" in first
    named = zip("ABC", record["joints"], strict=True)
    assert joints == [f"  {letter} {joint_in_words(joint)}" for letter, joint in named]
    assert last == f"  {_NOT_EXAMINED}"


def test_reports_as_tables_have_the_record(record: dict[str, Any], files: dict[str, Path]) -> None:
    whole = json.loads(files["report.json"].read_text("utf-8"))
    (row,) = csv.DictReader(io.StringIO(files["report.csv"].read_text("utf-8-sig")))
    for name in ("joints", "findings"):
        assert json.loads(row[name]) == record[name]
        assert [said["box"] for said in whole[name]] == [
            pytest.approx(said["box"], abs=1e-6) for said in record[name]
        ]


def test_the_page_draws_and_lists_them_and_the_history_keeps_them(
    limb: Path, record: dict[str, Any], tmp_path: Path
) -> None:
    history = History(tmp_path / "history.sqlite3")
    bench = Workbench(
        answer_at_once=False,
        cascade=three_joints(),
        history=history,
        executor=SynchronousExecutor(),
    )
    bench.examine(read_radiograph(limb))
    drawn = bench.viewer.content["boxes"]
    for tone, name in (("joint", "joints"), ("network", "findings")):
        found = [box["box"] for box in drawn if box["tone"] == tone]
        assert found == [pytest.approx(box, abs=1e-6) for box in boxes(record, name)]
    assert [box["name"] for box in drawn][:3] == [
        "A Hand: fracture (73.1 %)",
        "B Shoulder: none seen (37.8 %)",
        "C Elbow: none seen (11.9 %)",
    ]
    card = bench.result.card.value
    assert card.count("<li data-verdict=") == 3
    assert card.count("<li>1 Fracture, ") == 1
    assert _NOT_EXAMINED in card
    history.save(bench.state.selected.report)
    (kept,) = history.rows()
    assert [joint["box"] for joint in kept.joints] == [
        pytest.approx(box, abs=1e-6) for box in boxes(record, "joints")
    ]
    bench.history.refresh()
    (shown,) = bench.history.table.content["rows"]
    assert "C Elbow, " in shown["details"]
    assert _NOT_EXAMINED in shown["details"]


def test_the_structured_report_has_them_in_pixels_of_the_file(
    limb: Path, record: dict[str, Any], files: dict[str, Path]
) -> None:
    file = dcmread(limb)
    size = np.array([file.Columns, file.Rows, file.Columns, file.Rows])
    places = marked(dcmread(files["report.dcm"]))
    assert list(places) == ["Joint A", "Joint B", "Joint C", "Finding 1 of joint A"]
    expected = [*boxes(record, "joints"), *boxes(record, "findings")]
    for box, wanted in zip(places.values(), expected, strict=True):
        assert box == pytest.approx(np.array(wanted) * size, abs=1e-2)


def test_the_document_on_paper_draws_them_where_they_are(
    record: dict[str, Any], files: dict[str, Path]
) -> None:
    (sheet,) = pypdf.PdfReader(files["report.pdf"]).pages
    said = " ".join(sheet.extract_text().split())
    assert said.count("A Hand: fracture 73.1 %") == said.count("C Elbow: none seen 11.9 %") == 1
    assert said.count("1 Fracture, ") == 1
    assert _NOT_EXAMINED in said
    pixels = picture_in(sheet)
    for colour, name in ((JOINT, "joints"), (FOUND, "findings")):
        for box in boxes(record, name):
            found = measured_box(pixels, whole(pixels), box, colour)
            assert found == pytest.approx(box, abs=2 / min(pixels.shape[:2]))
